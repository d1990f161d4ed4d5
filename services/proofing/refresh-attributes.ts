import { serialText } from '../jpki/revocation-target.ts'
import type { RevocationReason } from '../jpki/revocation.ts'
import { checkOwnFacts } from '../kernel/facts-check.ts'
import { opaqueId } from '../kernel/random.ts'
import type { SealedAttributes } from '../wallet/ports.ts'
import { createAskRevocation, type AskRevocation } from './ask-revocation.ts'
import { openTarget } from './certificate-record.ts'
import { observe } from './check-statuses.ts'
import { endConsent } from './consents.ts'
import { countChecks } from './count-checks.ts'
import { PERSON_ENDED } from './decide-status.ts'
import { attributesRefreshed, identityStatusChanged } from './events.ts'
import { personEndedCheck } from './facts.ts'
import { depositAttributes } from './seal-attributes.ts'
import type { CertificateRow, ConsentRow } from './store.ts'
import type { SubmissionParts } from './submission.ts'

/** What came of asking for the latest attributes. */
export type RefreshOutcome =
  /** They are in the vault. */
  | 'refreshed'
  /** No certificate of the person has ended because of a change, or a newer one has come since. */
  | 'not-needed'
  | 'no-consent'
  /** The service, or the source of the certificate's status, does not answer. */
  | 'try-later'
  /** The register has nobody under the certificate any more. */
  | 'person-ended'

const BATCH = 100
/** A service that did not answer is asked again after this, in milliseconds. */
const RETRY_AFTER = 15_000

/** Fetches for everybody whose attributes are out of date and who consented; ends with the first that gets no answer. */
export async function refreshStale(parts: SubmissionParts): Promise<void> {
  const { database, store, clock, latestAttributes } = parts
  if (latestAttributes === null) return
  const due = await database.read((tx) => store.subjectsToRefresh(tx, clock.now(), BATCH))
  const ask = createAskRevocation(parts)
  for (const subjectRef of due) {
    if ((await refreshAttributes(parts, subjectRef, ask)) === 'try-later') return
  }
}

/**
 * 最新の基本4情報提供: with the person's consent, and after 現況確認 has said that the certificate ended because of a change, the
 * latest attributes are fetched, sealed to the vault, and told as a fact. Without an answer everything stays as it is.
 */
export async function refreshAttributes(
  parts: SubmissionParts,
  subjectRef: string,
  ask: AskRevocation = createAskRevocation(parts),
): Promise<RefreshOutcome> {
  const { database, store, clock, latestAttributes } = parts
  const { rows, consent } = await database.read(async (tx) => ({
    rows: await store.certificatesOf(tx, subjectRef),
    consent: await store.standingConsent(tx, subjectRef),
  }))
  const now = clock.now()
  const row = rows.find((one) => isStale(one) && one.notAfter > now)
  if (row === undefined) return 'not-needed'
  if (latestAttributes === null || consent === undefined) return 'no-consent'
  const target = openTarget(parts.keys, row.certificateRef, row.target)
  const { status } = await observe(parts, ask, row, target, now)
  await countChecks(parts, 'latest-attributes', [row])
  if (status.status === 'unknown') return waitFor(parts, consent)
  if (status.status !== 'revoked' || status.reason !== 'affiliationChanged') return 'not-needed'
  const answer = await latestAttributes.supply(consent.reference, serialText(target.serial))
  switch (answer.outcome) {
    case 'supplied':
      return keep(parts, row, consent, answer.attributes)
    case 'not-supplied':
      return endPerson(parts, row, status)
    case 'no-consent':
      await database.run((tx) => endConsent(parts, tx, subjectRef, clock.now()))
      return 'no-consent'
    case 'unavailable':
      return waitFor(parts, consent)
    default:
      return answer satisfies never
  }
}

/** Whether the certificate ended because of a change, and nothing newer than what it says has come since. */
function isStale({ kind, reason, attributesFrom }: CertificateRow): boolean {
  return kind === 'signature' && reason === 'affiliationChanged' && attributesFrom === null
}

async function waitFor(
  { database, store, clock, log }: SubmissionParts,
  { consentId }: ConsentRow,
): Promise<RefreshOutcome> {
  const retryAt = new Date(clock.now().getTime() + RETRY_AFTER)
  await database.run((tx) => store.retryConsent(tx, consentId, retryAt))
  log.warn('ATTRIBUTES_UNAVAILABLE')
  return 'try-later'
}

/** INVARIANT: deposited before it is told, and told only while consent and need stand as they did when it was fetched. */
async function keep(
  parts: SubmissionParts,
  { certificateRef, subjectRef }: CertificateRow,
  { consentId }: ConsentRow,
  attributes: SealedAttributes,
): Promise<RefreshOutcome> {
  const { database, store, publisher, environment, clock, random, log } = parts
  const depositId = opaqueId(random)
  const attributeNames = await depositAttributes(parts, depositId, attributes)
  return database.run(async (tx) => {
    const row = await store.certificate(tx, certificateRef)
    if (row === undefined || !isStale(row)) return 'not-needed'
    if ((await store.standingConsent(tx, subjectRef))?.consentId !== consentId) return 'no-consent'
    await store.noteNewestAttributes(tx, subjectRef, { from: depositId, ref: null })
    const event = { depositId, subjectRef, environment, certificateRef, consentId, attributeNames }
    await publisher.publish(tx, attributesRefreshed({ ...event, refreshedAt: clock.now() }))
    log.info('ATTRIBUTES_REFRESHED')
    return 'refreshed'
  })
}

/**
 * Nothing is supplied: the register has nobody under the certificate any more. Fails closed: every certificate of the person
 * is taken for revoked, whatever it was ended by. Only a tap of a certificate issued since brings the person back.
 */
async function endPerson(
  parts: SubmissionParts,
  stale: CertificateRow,
  observed: { readonly reason: RevocationReason; readonly revokedAt: Date },
): Promise<RefreshOutcome> {
  const { database, store, publisher, environment, clock, log } = parts
  const { subjectRef } = stale
  const learnedAt = clock.now()
  const check = personEndedCheck(observed, learnedAt)
  checkOwnFacts(parts.facts, check, 'check_status')
  return database.run(async (tx) => {
    // A newer certificate may have been tapped since the question: whoever holds it is in the register.
    const known = await store.certificate(tx, stale.certificateRef)
    if (known === undefined || known.attributesFrom !== null) return 'not-needed'
    for (const row of await store.certificatesOf(tx, subjectRef)) {
      const to = { status: 'revoked', reason: PERSON_ENDED } as const
      if (!(await store.changeStatus(tx, row, to))) continue
      const { certificateRef } = row
      const event = identityStatusChanged({
        subjectRef,
        environment,
        certificateRef,
        proofingIds: await store.proofingsOf(tx, certificateRef),
        status: 'revoked',
        reason: observed.reason,
        effectiveAt: observed.revokedAt,
        learnedAt,
        attributesStale: true,
        personEnded: true,
        statusCheck: check,
      })
      await publisher.publish(tx, event)
    }
    await endConsent(parts, tx, subjectRef, learnedAt)
    log.info('PERSON_ENDED')
    return 'person-ended'
  })
}
