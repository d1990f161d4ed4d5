import { STRICT_ALGORITHMS } from '../jpki/algorithm-policy.ts'
import { verifyCms } from '../jpki/cms/verify-cms.ts'
import { detachedSignature } from '../jpki/cms/write-signature.ts'
import type { RevocationStatus } from '../jpki/revocation.ts'
import { serialText } from '../jpki/revocation-target.ts'
import type { Verdict } from '../jpki/verdict.ts'
import {
  verifyCertificate,
  withRevocation,
  type VerifiedCertificate,
} from '../jpki/verify-application.ts'
import { certificateRef } from './certificate-record.ts'
import { checkRevocation } from './check-revocation.ts'
import { findSubject, linkCertificate, type LinkedPerson } from './find-subject.ts'
import type { IssuedSignature, SignatureDocument, SignatureReport } from './ports.ts'
import { contextOf, namingOtherKind } from './prove-identity.ts'
import { refusalOf, refusedBy, type Refusal } from './reasons.ts'
import type { OpenSignature } from './signature.ts'
import type { SubmissionParts, UnverifiedEvidence } from './submission.ts'

/** A signature that was taken to be verified. */
export type TakenSignature = OpenSignature & { readonly takenAt: Date }

export interface ProvenSignature {
  readonly signature: IssuedSignature
  readonly certificateRef: string
}

/**
 * Verifies what the card made for a document: its certificate, the signed message as a verifier of the relying party's would
 * see it, the status of the certificate, and that it is the card of the person who is logged in. Changes nothing.
 *
 * INVARIANT: the message is made here out of the digest that was asked for. Nothing that came from outside is in it but
 * certificate and signature, so nothing else reaches the relying party.
 */
export async function proveSignature(
  parts: SubmissionParts,
  session: TakenSignature,
  document: SignatureDocument,
  evidence: Pick<UnverifiedEvidence, 'certificate' | 'signature'>,
): Promise<ProvenSignature | Refusal> {
  const certified = certify(parts, session, evidence.certificate)
  if ('reason' in certified) return certified
  const { signingTime } = session
  const { certificate } = evidence
  const cms = detachedSignature(
    { certificate, digest: document.digest, signingTime },
    evidence.signature,
  )
  const verdict = verifyMessage(parts, session, { cms, document, certified })
  if (verdict.indication !== 'PASSED') return refusalOf(verdict, null)
  const counted = { use: 'document', kind: 'signature', rpId: session.rpId } as const
  const { status } = await checkRevocation(parts, certified, counted)
  const final = withRevocation(verdict, status)
  if (final.indication !== 'PASSED') return refusalOf(final, status.status)
  const name = { kind: 'signature', serial: serialText(certified.certificate.serial) } as const
  const linked = await linkCertificate(parts, name)
  if (linked !== null && 'reason' in linked) return linked
  const ref = certificateRef(parts.keys, parts.environment, name)
  const refusal = await otherPerson(parts, session, ref, linked)
  if (refusal !== null) return refusal
  return {
    signature: { cms, certificate, report: reportOf(final, status) },
    certificateRef: ref,
  }
}

function certify(
  parts: SubmissionParts,
  { takenAt }: TakenSignature,
  certificate: Uint8Array,
): VerifiedCertificate | Refusal {
  const keyUse = 'signature'
  const { verdict, verified } = verifyCertificate(certificate, contextOf(parts, keyUse, takenAt))
  if (verified !== null) return verified
  return namingOtherKind(parts, { keyUse, takenAt }, certificate, refusalOf(verdict, null))
}

function verifyMessage(
  { environment, revocation }: SubmissionParts,
  { takenAt }: TakenSignature,
  signed: {
    readonly cms: Uint8Array
    readonly document: SignatureDocument
    readonly certified: VerifiedCertificate
  },
): Verdict {
  return verifyCms({
    cms: signed.cms,
    content: { sha256: signed.document.digest },
    anchors: [signed.certified.issuer],
    tsaAnchors: [],
    intermediates: [],
    // Asked for next, of our own sources.
    revocation: 'not-checked',
    rules: {
      algorithms: STRICT_ALGORITHMS,
      unnumbered: false,
      freshness: revocation.policy.crl,
    },
    profile: { name: 'jpki', environments: [environment] },
    at: takenAt,
  }).verdict
}

/** Why the card is not that of the person who is logged in, or null. */
async function otherPerson(
  parts: SubmissionParts,
  { subjectRef }: TakenSignature,
  ref: string,
  linked: LinkedPerson | null,
): Promise<Refusal | null> {
  const found = await parts.database.read((tx) => findSubject(parts, tx, ref, linked))
  if (typeof found === 'object') return found
  if (found === undefined) return refusedBy('NOT_ENROLLED')
  return found === subjectRef ? null : refusedBy('CARD_OF_ANOTHER_PERSON')
}

function reportOf(
  { indication, sub, at, checks }: Verdict,
  status: RevocationStatus,
): SignatureReport {
  if (status.status === 'unknown') throw new TypeError('a status that passed')
  const { source, thisUpdate, nextUpdate } = status
  return {
    indication,
    subIndication: sub ?? '',
    validatedAt: at,
    checks: checks.map(({ id, outcome }) => ({ id, outcome })),
    revocation: { status: status.status, source, thisUpdate, nextUpdate },
  }
}
