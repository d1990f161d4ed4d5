import type { Tx } from '../database/unit-of-work.ts'
import { constantTimeEqual, toBase64Url, utf8 } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { Conflict, NotFound } from '../kernel/errors.ts'
import type { AxisMinimum, Minimum } from '../policy/ports.ts'
import { isAgeClaim } from './catalogue.ts'
import { releaseIssued } from './events.ts'
import { judgeRequest, type Judged } from './judge-request.ts'
import { makeKey } from './keys.ts'
import { appendRecord, partiesOf } from './ledger.ts'
import { pairwiseOf, valuesDigest, type LivePerson } from './person.ts'
import type { ConsentEvidence, IssuedRelease, RefusalReason } from './ports.ts'
import { closeAsRefused } from './refuse-release.ts'
import { purposeDigest } from './registration.ts'
import { REDELIVERY_MILLISECONDS, reliableUntil, retainedUntil } from './release-state.ts'
import type { ReleaseRow } from './release-store.ts'
import { seal, unseal, type SealContext } from './sealing.ts'
import type { WalletParts } from './wallet-parts.ts'

/**
 * Issues what the signed document says, once. Everything is judged again: when the rule, the registration or the levels
 * no longer bear it, nothing leaves, the request is closed as refused, and the caller gets a `Conflict`.
 */
export async function issueRelease(
  parts: WalletParts,
  releaseId: string,
  evidence: ConsentEvidence,
  minimum: Minimum,
  at: Date,
): Promise<IssuedRelease> {
  const assured = await isAssured(parts, releaseId, minimum, at)
  const outcome = await parts.database.run(async (tx) => {
    const row = await signedRow(parts, tx, releaseId, evidence, at)
    const judged = await judgeAgain(parts, tx, row, assured, at)
    if (!judged) {
      const reason: RefusalReason = assured ? 'UNSATISFIABLE' : 'ASSURANCE_UNMET'
      await closeAsRefused(parts, tx, row, reason, at)
      return { issued: undefined, rpId: row.rpId }
    }
    return { issued: await send(parts, tx, row, judged, evidence, at), rpId: row.rpId }
  })
  const { issued, rpId } = outcome
  parts.log.info(issued ? 'RELEASE_ISSUED' : 'RELEASE_REFUSED', { rpId })
  if (!issued) throw new Conflict('the request can no longer be met')
  return issued
}

/** The row of the document that was signed; `Conflict` when it is used, changed or over. */
async function signedRow(
  parts: WalletParts,
  tx: Tx,
  releaseId: string,
  evidence: ConsentEvidence,
  at: Date,
): Promise<ReleaseRow & { readonly personaId: string }> {
  const row = await parts.releases.byId(tx, releaseId)
  if (!row) throw new NotFound('expected a release that was offered')
  const { personaId, state, consentDigest, consentUntil } = row
  if (state !== 'offered' || personaId === null) throw new Conflict('the consent was used already')
  if (!consentDigest || !constantTimeEqual(evidence.challenge, consentDigest)) {
    throw new Conflict('another document was signed')
  }
  if (!consentUntil || at >= consentUntil) throw new Conflict('the consent document has expired')
  const bound = await parts.people.boundPersonaId(tx, row.subjectRef, row.sectorId)
  if (bound !== undefined && bound !== personaId) {
    throw new Conflict('another persona was chosen for this sector')
  }
  return { ...row, personaId }
}

/** Undefined when what was signed is no longer exactly what the rule permits, or the values are not those shown. */
async function judgeAgain(
  parts: WalletParts,
  tx: Tx,
  row: ReleaseRow & { readonly personaId: string },
  assured: boolean,
  at: Date,
): Promise<Judged | undefined> {
  const { subjectRef, rpId, purposeId, requested, consented } = row
  const declined = new Set(
    requested.flatMap(({ name }) => (consented.includes(name) ? [] : [name])),
  )
  const request = { subjectRef, rpId, purposeId, claims: requested }
  const judged = await judgeRequest(parts, tx, request, row.personaId, { declined, assured, at })
  const { registration, purpose, decision, person, values } = judged
  if (!registration || !purpose || decision.outcome === 'nothing') return undefined
  const same = (now: Uint8Array, then: Uint8Array | null): boolean =>
    then !== null && constantTimeEqual(now, then)
  const sameTerms = same(purposeDigest(registration, purpose), row.purposeDigest)
  const sameValues = same(valuesDigest(person, consented, values), row.valuesDigest)
  const sameClaims =
    decision.claims.length === consented.length &&
    decision.claims.every((name) => consented.includes(name))
  return sameTerms && sameClaims && sameValues ? judged : undefined
}

async function send(
  parts: WalletParts,
  tx: Tx,
  row: ReleaseRow,
  judged: Judged,
  evidence: ConsentEvidence,
  at: Date,
): Promise<IssuedRelease> {
  const { releaseId, subjectRef, sectorId } = row
  const { person, persona, values } = judged
  const { pairwiseSubject, epoch } = pairwiseOf(parts, person, persona, sectorId)
  const issued: IssuedRelease = {
    releaseId,
    pairwiseSubject,
    claims: row.consented.flatMap((name) => {
      const known = values.get(name)
      return known ? [{ name, value: known.value }] : []
    }),
    expiresAt: reliableUntil(at),
  }
  const retained = retainedUntil(at, judged.purpose?.retentionDays ?? 0)
  const moved = await parts.releases.move(tx, releaseId, ['offered'], {
    state: 'issued',
    pairwiseSubject,
    issuedAt: at,
    reliableUntil: issued.expiresAt,
    retainedUntil: retained,
  })
  if (!moved) throw new Conflict('the consent was used already')

  const { personaId } = persona
  await parts.people.bind(tx, { subjectRef, sectorId, personaId, boundAt: at })
  const pairwise = { sectorId, pairwiseSubject, subjectRef, personaId, epoch }
  await parts.people.rememberPairwise(tx, pairwise)
  const ages = issued.claims.flatMap(({ name }) => (isAgeClaim(name) ? [name] : []))
  const spent = ages.map((claim) => ({ subjectRef, personaId, sectorId, claim }))
  await parts.people.spendThresholds(tx, spent)
  await keepForRedelivery(parts, tx, person, issued, at)
  await record(parts, tx, row, judged, issued, evidence, at)
  return issued
}

/** Ledger and event are written from what is sent, not from what was asked. */
async function record(
  parts: WalletParts,
  tx: Tx,
  row: ReleaseRow,
  { persona, registration }: Judged,
  issued: IssuedRelease,
  evidence: ConsentEvidence,
  at: Date,
): Promise<void> {
  const { releaseId, subjectRef, rpId, purposeId, levels } = row
  const claims = issued.claims.map(({ name }) => name)
  await appendRecord(parts, tx, subjectRef, {
    ...partiesOf(registration, purposeId),
    at,
    status: 'released',
    persona: { personaId: persona.personaId, kind: persona.kind },
    claims,
    levels,
    releaseId,
    reason: null,
    consent: {
      digest: toBase64Url(evidence.challenge),
      ceremonyId: evidence.ceremonyId,
      assertionDigest: toBase64Url(evidence.assertionDigest),
    },
  })
  const event = { releaseId, subjectRef, rpId, purposeId, claims, issuedAt: at }
  const consentDigest = evidence.challenge
  await parts.publisher.publish(
    tx,
    releaseIssued({ ...event, consentDigest, expiresAt: issued.expiresAt }),
  )
}

async function keepForRedelivery(
  { releases, keyStore, keys, random }: WalletParts,
  tx: Tx,
  person: LivePerson,
  { releaseId, claims }: IssuedRelease,
  at: Date,
): Promise<void> {
  const { subjectRef } = person.row
  const parent = person.keys.only('subject')
  const { row, key } = makeKey(keys, random, at, { keyClass: 'release', subjectRef, parent })
  await keyStore.add(tx, row)
  const plaintext = utf8(canonicalJson(claims))
  const context = valuesContext(releaseId, subjectRef)
  const sealed = seal(key.secret.reveal(), plaintext, context, random)
  const until = new Date(at.getTime() + REDELIVERY_MILLISECONDS)
  await releases.keepValues(tx, { releaseId, subjectRef, keyId: key.keyId, sealed, until })
}

/** A release that is in force and whose values are still kept. */
export async function reopenRelease(
  parts: WalletParts,
  tx: Tx,
  person: LivePerson,
  row: ReleaseRow,
  at: Date,
): Promise<IssuedRelease | undefined> {
  const { releaseId, subjectRef, pairwiseSubject, reliableUntil: expiresAt, state } = row
  const kept = await parts.releases.values(tx, releaseId, at)
  if (state !== 'issued' || !kept || !pairwiseSubject || !expiresAt) return undefined
  const key = person.keys.byId(kept.keyId).secret.reveal()
  const plaintext = unseal(key, kept.sealed, valuesContext(releaseId, subjectRef))
  // Authenticated bytes that we sealed ourselves.
  const claims = JSON.parse(new TextDecoder().decode(plaintext)) as IssuedRelease['claims']
  return { releaseId, pairwiseSubject, claims, expiresAt }
}

/** Whether the levels bear the release now: identity levels as they stand, the ceremony's as the document names them. */
async function isAssured(
  { database, releases, registry, policy }: WalletParts,
  releaseId: string,
  minimum: Minimum,
  at: Date,
): Promise<boolean> {
  const row = await database.read((tx) => releases.byId(tx, releaseId))
  if (!row) throw new NotFound('expected a release that was offered')
  const registration = await database.read((tx) => registry.find(tx, row.rpId))
  const purpose = registration?.purposes.find(({ purposeId }) => purposeId === row.purposeId)
  const now = await policy.identityLevels(row.subjectRef, at)
  return [...minimum.axes, ...(purpose?.minimum ?? [])].every((need: AxisMinimum) => {
    const same = (have: AxisMinimum): boolean =>
      have.framework === need.framework && have.axis === need.axis
    const have = (now.find(same) ?? row.levels.find(same))?.level
    if (have === undefined || have === 'indeterminate') return false
    return policy.compareLevels(need.framework, need.axis, have, need.level) >= 0
  })
}

function valuesContext(releaseId: string, subjectRef: string): SealContext {
  return {
    store: 'wallet_release_value',
    type: 'release',
    recordId: releaseId,
    subjectRef,
    field: 'claims',
  }
}
