import type { Tx } from '../database/unit-of-work.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import { opaqueId } from '../kernel/random.ts'
import { claimLabel } from './catalogue.ts'
import { composeConsent, type ConsentInput } from './consent-document.ts'
import { judgeRequest, type Judged } from './judge-request.ts'
import type { AssuranceLevel } from './ledger-chain.ts'
import type { ConsentDocument, OfferOutcome, ReleaseOffer, ReleaseRequest } from './ports.ts'
import { valuesDigest } from './person.ts'
import { purposeDigest } from './registration.ts'
import type { ReleaseRow } from './release-store.ts'
import type { WalletParts } from './wallet-parts.ts'

/** What the person would give under this persona; nothing is written. */
export async function offerRelease(
  parts: WalletParts,
  request: ReleaseRequest,
  personaId: string,
  at: Date,
): Promise<OfferOutcome> {
  return parts.database.read(async (tx) => {
    const given = { declined: new Set<string>(), assured: true, at }
    const judged = await judgeRequest(parts, tx, request, personaId, given)
    const { decision } = judged
    if (decision.outcome === 'nothing') {
      return {
        outcome: 'unsatisfiable',
        claims: decision.withheld.flatMap(({ name, reason }) =>
          reason === 'DECLINED' ? [] : [{ name, reason }],
        ),
      }
    }
    const missingOptional = decision.withheld.map(({ name }) => name)
    const claims = offeredClaims(judged, request, decision.claims)
    return { outcome: 'offered', offer: { personaId, claims, missingOptional } }
  })
}

function offeredClaims(
  { values }: Judged,
  request: ReleaseRequest,
  names: readonly string[],
): ReleaseOffer['claims'] {
  return names.flatMap((name) => {
    const known = values.get(name)
    const essential = request.claims.some((claim) => claim.name === name && claim.essential)
    return known ? [{ name, essential, label: claimLabel(name), value: known.value }] : []
  })
}

/**
 * Makes the document for what is offered less what was unticked, and keeps it as the one that may be signed: an earlier
 * document of the same request is void from then on.
 */
export async function prepareConsent(
  parts: WalletParts,
  request: ReleaseRequest,
  personaId: string,
  declinedOptional: readonly string[],
  levels: readonly AssuranceLevel[],
  at: Date,
): Promise<ConsentDocument> {
  checkDeclined(request, declinedOptional)
  return parts.database.run(async (tx) => {
    const given = { declined: new Set(declinedOptional), assured: true, at }
    const judged = await judgeRequest(parts, tx, request, personaId, given)
    const { decision, registration, purpose, persona, person, values } = judged
    if (!registration || !purpose) throw new NotFound('expected a registered purpose')
    if (decision.outcome === 'nothing') throw new Conflict('the request cannot be met')
    await checkPersonaIsBound(parts, tx, request.subjectRef, registration.sectorId, personaId)

    const before = await parts.releases.byRequest(tx, request.requestId)
    if (before && (before.state !== 'offered' || before.subjectRef !== request.subjectRef)) {
      throw new Conflict('the request was answered already')
    }
    const releaseId = before?.releaseId ?? opaqueId(parts.random)
    const { claims } = decision
    const input = { releaseId, request, registration, purpose, persona, claims, levels }
    const document = composeConsent(input, parts.random, at)
    const shown = valuesDigest(person, claims, values)
    const row = offeredRow({ ...input, document, shown })
    const kept = before
      ? await parts.releases.move(tx, releaseId, ['offered'], row)
      : await parts.releases.add(tx, row)
    if (!kept) throw new Conflict('the request was answered already')
    return document
  })
}

function checkDeclined(request: ReleaseRequest, declined: readonly string[]): void {
  const optional = request.claims.flatMap(({ name, essential }) => (essential ? [] : [name]))
  if (!declined.every((name) => optional.includes(name))) {
    throw new InvalidInput('declined', 'optional claims of the request')
  }
}

async function checkPersonaIsBound(
  { people }: WalletParts,
  tx: Tx,
  subjectRef: string,
  sectorId: string,
  personaId: string,
): Promise<void> {
  const bound = await people.boundPersonaId(tx, subjectRef, sectorId)
  if (bound !== undefined && bound !== personaId) {
    throw new Conflict('another persona was chosen for this sector')
  }
}

function offeredRow(
  of: ConsentInput & { readonly document: ConsentDocument; readonly shown: Uint8Array },
): ReleaseRow {
  const { document, shown, request, registration, purpose, persona, claims, levels } = of
  return {
    releaseId: document.releaseId,
    requestId: request.requestId,
    subjectRef: request.subjectRef,
    rpId: request.rpId,
    sectorId: registration.sectorId,
    purposeId: request.purposeId,
    personaId: persona.personaId,
    state: 'offered',
    requested: request.claims,
    consented: claims,
    levels,
    purposeDigest: purposeDigest(registration, purpose),
    valuesDigest: shown,
    consentDigest: document.digest,
    consentUntil: document.expiresAt,
    pairwiseSubject: null,
    issuedAt: null,
    reliableUntil: null,
    retainedUntil: null,
  }
}
