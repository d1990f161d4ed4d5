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
import type { RevocationAnswer } from './ask-revocation.ts'
import type { CertificateName } from './certificate-record.ts'
import { checkRevocation } from './check-revocation.ts'
import { linkCertificate, type LinkedPerson } from './find-subject.ts'
import { refusalOf, type Refusal } from './reasons.ts'
import type { Session } from './session.ts'
import type { SubmissionParts, TakenSession, UnverifiedEvidence } from './submission.ts'

/** Who tapped, verified: what is left is to write it down. */
export interface ProvenIdentity {
  readonly verified: VerifiedCertificate
  readonly revocation: RevocationAnswer
  readonly name: CertificateName
  /** What linkage knows; null when the certificate is known to us already. */
  readonly linked: LinkedPerson | null
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
    return namingOtherKind(parts, session, evidence.certificate, refusal)
  }
  const { purpose, keyUse, rpId } = session
  const counted = { use: purpose, kind: keyUse, rpId }
  const revocation = await checkRevocation(parts, verified, counted)
  const final = withRevocation(verdict, revocation.status)
  if (final.indication !== 'PASSED') return refusalOf(final, revocation.status.status)
  const name = { kind: session.keyUse, serial: serialText(verified.certificate.serial) }
  const linked = await linkCertificate(parts, name)
  if (linked !== null && 'reason' in linked) return linked
  return { verified, revocation, name, linked }
}

export function contextOf(
  { anchors, environment, cache }: SubmissionParts,
  kind: Session['keyUse'],
  at: Date,
): VerificationContext {
  return { anchors, environment, kind, at, cache }
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
export function namingOtherKind(
  parts: SubmissionParts,
  { keyUse, takenAt }: { readonly keyUse: Session['keyUse']; readonly takenAt: Date },
  certificate: Uint8Array,
  refusal: Refusal,
): Refusal {
  if (refusal.reason !== 'UNTRUSTED_ISSUER') return refusal
  const other = keyUse === 'signature' ? 'authentication' : 'signature'
  const { verified } = verifyCertificate(certificate, contextOf(parts, other, takenAt))
  return verified === null ? refusal : { ...refusal, reason: 'WRONG_CERTIFICATE_KIND' }
}
