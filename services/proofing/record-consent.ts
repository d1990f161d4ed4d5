import { CONSENT_DOCUMENT } from '../card/consent-document.ts'
import { proofMessage } from '../card/proof-message.ts'
import { certificateRef } from './certificate-record.ts'
import type { RecordedConsent } from './consents.ts'
import { knownSubject } from './known-subject.ts'
import type { ProvenIdentity } from './prove-identity.ts'
import { refusedBy, undecidedBy, type Refusal } from './reasons.ts'
import type { SubmissionParts, TakenSession, UnverifiedEvidence } from './submission.ts'

/**
 * Hands the signed consent to the service that supplies the attributes; again with the same signature it is the same consent.
 * INVARIANT: it is of the person who asked for it, or it is not handed in.
 */
export async function recordConsent(
  parts: SubmissionParts,
  session: TakenSession,
  proven: ProvenIdentity,
  { signature }: UnverifiedEvidence,
): Promise<RecordedConsent | Refusal> {
  const { database, store, keys, environment, latestAttributes } = parts
  if (latestAttributes === null) return refusedBy('CONSENT_NOT_TAKEN')
  const ref = certificateRef(keys, environment, proven.name)
  const subject = await database.read((tx) => knownSubject(store, tx, { session, proven, ref }))
  if (typeof subject !== 'string') return subject ?? refusedBy('NOT_ENROLLED')
  const message = proofMessage({ ...session, environment })
  const { serial } = proven.name
  const answer = await latestAttributes.record({
    serial,
    document: CONSENT_DOCUMENT,
    message,
    signature,
  })
  switch (answer.outcome) {
    case 'recorded':
      return { reference: answer.reference, message, signature }
    case 'refused':
      return refusedBy('CONSENT_NOT_TAKEN')
    case 'unavailable':
      return undecidedBy('CONSENT_SERVICE_UNAVAILABLE')
    default:
      return answer satisfies never
  }
}
