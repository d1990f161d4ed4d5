import { proofMessage } from '../card/proof-message.ts'
import { serialText } from '../jpki/revocation-target.ts'
import {
  verifyApplication,
  verifyCertificate,
  withRevocation,
  type Verification,
  type VerificationContext,
  type VerifiedCertificate,
} from '../jpki/verify-application.ts'
import { createAskRevocation, type RevocationAnswer } from './ask-revocation.ts'
import { certificateRef, personRef, type CertificateName } from './certificate-record.ts'
import { countCheck } from './count-checks.ts'
import { refusalOf, undecidedBy, type Refusal } from './reasons.ts'
import type { Session } from './session.ts'
import type { SubmissionParts, TakenSession, UnverifiedEvidence } from './submission.ts'

/** Who tapped, verified: what is left is to write it down. */
export interface ProvenIdentity {
  readonly verified: VerifiedCertificate
  readonly revocation: RevocationAnswer
  readonly name: CertificateName
  /** What linkage knows; null when the certificate is known to us already. */
  readonly linked: { readonly personRef: string; readonly related: readonly string[] } | null
}

/** Verifies certificate, signature, revocation and linkage, in this order; changes nothing. */
export async function proveIdentity(
  parts: SubmissionParts,
  session: TakenSession,
  evidence: UnverifiedEvidence,
): Promise<ProvenIdentity | Refusal> {
  const { verdict, verified } = verify(parts, session, evidence)
  if (verified === null) {
    const refusal = refusalOf(verdict, null)
    const isOther = refusal.reason === 'UNTRUSTED_ISSUER' && isOfOtherKind(parts, session, evidence)
    return isOther ? { ...refusal, reason: 'WRONG_CERTIFICATE_KIND' } : refusal
  }
  const revocation = await askAbout(parts, session, verified)
  const final = withRevocation(verdict, revocation.status)
  if (final.indication !== 'PASSED') return refusalOf(final, revocation.status.status)
  const name = { kind: session.keyUse, serial: serialText(verified.certificate.serial) }
  const linked = await link(parts, name)
  if (linked !== null && 'reason' in linked) return linked
  return { verified, revocation, name, linked }
}

function contextOf(
  { anchors, environment }: SubmissionParts,
  kind: Session['keyUse'],
  at: Date,
): VerificationContext {
  return { anchors, environment, kind, at }
}

function verify(
  parts: SubmissionParts,
  session: TakenSession,
  { certificate, signature }: UnverifiedEvidence,
): Verification {
  const { environment } = parts
  const message = proofMessage({ ...session, environment })
  const context = contextOf(parts, session.keyUse, session.takenAt)
  return verifyApplication({ certificate, message, signature }, context)
}

/** A card holds two certificates; the wrong one deserves a better word than "untrusted". */
function isOfOtherKind(
  parts: SubmissionParts,
  { keyUse, takenAt }: TakenSession,
  { certificate }: UnverifiedEvidence,
): boolean {
  const other = keyUse === 'signature' ? 'authentication' : 'signature'
  return verifyCertificate(certificate, contextOf(parts, other, takenAt)).verified !== null
}

async function askAbout(
  parts: SubmissionParts,
  session: TakenSession,
  verified: VerifiedCertificate,
): Promise<RevocationAnswer> {
  const { database, store, clock } = parts
  const ask = createAskRevocation(parts)
  await countCheck(parts, session)
  return ask({
    target: verified.certificate,
    issuer: verified.issuer,
    at: clock.now(),
    lowestNumber: (point) => database.read((tx) => store.crlNumber(tx, point)),
  })
}

/**
 * Asks linkage about a certificate that we have not seen. Without an answer nobody can say whether it is a new person or
 * the renewal of a known one, so nothing is decided.
 */
async function link(
  { database, store, linkage, keys, environment }: SubmissionParts,
  name: CertificateName,
): Promise<ProvenIdentity['linked'] | Refusal> {
  const ref = certificateRef(keys, environment, name)
  const known = await database.read((tx) => store.certificate(tx, ref))
  if (known !== undefined) return null
  const answer = await linkage.resolve(name)
  switch (answer.outcome) {
    case 'linked':
      return {
        personRef: personRef(keys, environment, answer.personId),
        related: answer.related.map((other) => certificateRef(keys, environment, other)),
      }
    case 'not-ready':
      return undecidedBy('LINKAGE_NOT_READY')
    case 'unavailable':
      return undecidedBy('LINKAGE_UNAVAILABLE')
    default:
      return answer satisfies never
  }
}
