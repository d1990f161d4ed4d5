import type { Indication, SubIndication, Verdict } from '../jpki/verdict.ts'
import type { RevocationStatus } from '../jpki/revocation.ts'

/** Why a proofing did not pass; goes to the event, the page and the log, and holds nothing of the person. */
export const REASONS = [
  'CHALLENGE_EXPIRED',
  'CHALLENGE_REPLAYED',
  'CERTIFICATE_MALFORMED',
  'CERTIFICATE_PROFILE',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_SUSPENDED',
  'WRONG_CERTIFICATE_KIND',
  'UNTRUSTED_ISSUER',
  'ISSUER_EXPIRED',
  'ALGORITHM_NOT_ALLOWED',
  'ATTRIBUTES_UNREADABLE',
  'SIGNATURE_INVALID',
  'REVOCATION_UNKNOWN',
  'LINKAGE_UNAVAILABLE',
  'LINKAGE_NOT_READY',
  'LINKAGE_AMBIGUOUS',
  'NOT_ENROLLED',
  'CARD_OF_ANOTHER_PERSON',
  'CONSENT_NOT_TAKEN',
  'CONSENT_SERVICE_UNAVAILABLE',
] as const
export type Reason = (typeof REASONS)[number]

/** How a submission ended without proof. */
export interface Refusal {
  readonly outcome: 'refused' | 'indeterminate'
  readonly reason: Reason
  readonly indication: Indication
  readonly sub: SubIndication | ''
}

/** A refusal by a rule of ours, not of the verifier. */
export function refusedBy(reason: Reason): Refusal {
  return { outcome: 'refused', reason, indication: 'FAILED', sub: '' }
}

/** A refusal because a source did not answer: tapping again later may pass. */
export function undecidedBy(reason: Reason): Refusal {
  return { outcome: 'indeterminate', reason, indication: 'INDETERMINATE', sub: 'TRY_LATER' }
}

/** The refusal behind a verdict that did not pass; `suspended` when the revocation source said so. */
export function refusalOf(
  verdict: Verdict,
  revocation: RevocationStatus['status'] | null,
): Refusal {
  const { indication, sub } = verdict
  if (sub === null) throw new TypeError('a verdict that passed is no refusal')
  const reason = reasonOf(sub, verdict.checks.at(-1)?.id, revocation === 'suspended')
  const outcome = sub === 'TRY_LATER' ? 'indeterminate' : 'refused'
  return { outcome, reason, indication, sub }
}

function reasonOf(sub: SubIndication, step: string | undefined, suspended: boolean): Reason {
  switch (sub) {
    case 'FORMAT_FAILURE':
      if (step === 'subject-attributes') return 'ATTRIBUTES_UNREADABLE'
      return step === 'certificate-profile' ? 'CERTIFICATE_PROFILE' : 'CERTIFICATE_MALFORMED'
    case 'SIGNED_DATA_NOT_FOUND':
    case 'HASH_FAILURE':
    case 'SIG_CRYPTO_FAILURE':
    case 'SIG_CONSTRAINTS_FAILURE':
      return 'SIGNATURE_INVALID'
    case 'CHAIN_CONSTRAINTS_FAILURE':
      return 'CERTIFICATE_PROFILE'
    case 'REVOKED':
    case 'REVOKED_NO_POE':
      return suspended ? 'CERTIFICATE_SUSPENDED' : 'CERTIFICATE_REVOKED'
    case 'EXPIRED':
    case 'OUT_OF_BOUNDS_NO_POE':
      return step === 'issuer-validity' ? 'ISSUER_EXPIRED' : 'CERTIFICATE_EXPIRED'
    case 'NOT_YET_VALID':
      return 'CERTIFICATE_NOT_YET_VALID'
    case 'NO_SIGNING_CERTIFICATE_FOUND':
    case 'NO_CERTIFICATE_CHAIN_FOUND':
      return 'UNTRUSTED_ISSUER'
    case 'CRYPTO_CONSTRAINTS_FAILURE':
      return 'ALGORITHM_NOT_ALLOWED'
    case 'TRY_LATER':
      return 'REVOCATION_UNKNOWN'
    default:
      return sub satisfies never
  }
}
