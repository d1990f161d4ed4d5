import { CONSENT_DIGEST } from '../card/consent-document.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { encryptBytes } from '../kernel/aead.ts'
import { lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { opaqueId } from '../kernel/random.ts'
import { attributesConsentChanged } from './events.ts'
import type { ConsentRow } from './store.ts'
import type { SubmissionParts } from './submission.ts'

/** A consent that the register's service has; what is left is to write it down. */
export interface RecordedConsent {
  /** What the service calls it. */
  readonly reference: string
  /** What the card signed. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Writes the consent down in the place of an earlier one, with its event; inside the caller's unit of work. */
export async function keepConsent(
  parts: SubmissionParts,
  tx: Tx,
  given: RecordedConsent & { readonly subjectRef: string; readonly at: Date },
): Promise<void> {
  const { store, keys, random } = parts
  const { reference, message, signature, subjectRef, at } = given
  await endConsent(parts, tx, subjectRef, at)
  const consentId = opaqueId(random)
  const signed = lengthPrefixed(message, signature)
  const row: ConsentRow = {
    consentId,
    subjectRef,
    reference,
    documentDigest: toHex(CONSENT_DIGEST),
    evidence: encryptBytes(
      keys.sealing.reveal(),
      signed,
      lengthPrefixed('consent', consentId),
      random,
    ),
    givenAt: at,
    withdrawnAt: null,
    endTold: false,
    retryAt: null,
  }
  await store.addConsent(tx, row)
  await tell(parts, tx, row, true, at)
}

/** Ends the consent that stands, if any, with its event; inside the caller's unit of work. The service is told by the monitor. */
export async function endConsent(
  parts: SubmissionParts,
  tx: Tx,
  subjectRef: string,
  at: Date,
): Promise<void> {
  const row = await parts.store.standingConsent(tx, subjectRef)
  if (row === undefined || !(await parts.store.endConsent(tx, row.consentId, at))) return
  await tell(parts, tx, row, false, at)
}

async function tell(
  { publisher, environment, log }: SubmissionParts,
  tx: Tx,
  { consentId, subjectRef, documentDigest }: ConsentRow,
  given: boolean,
  changedAt: Date,
): Promise<void> {
  const about = { consentId, subjectRef, environment, given, documentDigest, changedAt }
  await publisher.publish(tx, attributesConsentChanged(about))
  log.info(given ? 'ATTRIBUTES_CONSENT_GIVEN' : 'ATTRIBUTES_CONSENT_ENDED')
}

const BATCH = 100

/** Tells the service of consents that ended; one that it does not take now is told at the next turn, and holds up no other. */
export async function tellEndedConsents(parts: SubmissionParts): Promise<void> {
  const { database, store, latestAttributes } = parts
  if (latestAttributes === null) return
  for (const row of await database.read((tx) => store.endedConsents(tx, BATCH))) {
    const answer = await latestAttributes.withdraw(row.reference)
    if (answer === 'unavailable') return
    if (answer === 'refused') continue
    await database.run((tx) => store.noteEndTold(tx, row))
  }
}
