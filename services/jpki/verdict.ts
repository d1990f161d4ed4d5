/** What a verification came to: ETSI EN 319 102-1 §5.1.3. Only PASSED may be relied on. */
export type Indication = 'PASSED' | 'INDETERMINATE' | 'FAILED'

/** Sub-indications of ETSI EN 319 102-1 that this verifier gives. */
export const SUB_INDICATIONS = [
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'SIG_CONSTRAINTS_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'REVOKED',
  'REVOKED_NO_POE',
  'EXPIRED',
  'NOT_YET_VALID',
  'OUT_OF_BOUNDS_NO_POE',
  'SIGNED_DATA_NOT_FOUND',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'TRY_LATER',
] as const
export type SubIndication = (typeof SUB_INDICATIONS)[number]

/** Steps of verifications; each takes its own in its own order, and the first one that does not pass decides. */
export type CheckId =
  | 'certificate-format'
  | 'certification-path'
  | 'issuer-validity'
  | 'certificate-validity'
  | 'path-constraints'
  | 'certificate-policies'
  | 'certificate-profile'
  | 'subject-attributes'
  | 'application-signature'
  | 'revocation-status'
  | 'cms-format'
  | 'signature-algorithm'
  | 'message-digest'
  | 'signing-certificate'
  | 'cms-signature'
  | 'time-stamp'
  | 'time-stamp-content'
  | 'time-stamp-time'

/** Steps of a certification path under RFC 5280 in the order in which they are taken. */
export const PATH_CHECKS: readonly CheckId[] = [
  'certificate-format',
  'certification-path',
  'issuer-validity',
  'certificate-validity',
  'path-constraints',
  'certificate-policies',
  'revocation-status',
]

export interface Check {
  readonly id: CheckId
  readonly outcome: 'passed' | 'failed' | 'indeterminate'
  /** What was expected, where it did not pass; never a value of the certificate. */
  readonly expected?: string
}

export interface Verdict {
  readonly indication: Indication
  readonly sub: SubIndication | null
  /** The time for which it holds: an argument of the verification. */
  readonly at: Date
  readonly checks: readonly Check[]
}

/** Why a step did not pass. */
export interface Failure {
  readonly sub: SubIndication
  readonly expected: string
}

const INDETERMINATE: readonly SubIndication[] = [
  'SIGNED_DATA_NOT_FOUND',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'SIG_CONSTRAINTS_FAILURE',
  'REVOKED_NO_POE',
  'OUT_OF_BOUNDS_NO_POE',
  'TRY_LATER',
]

export function passedCheck(id: CheckId): Check {
  return { id, outcome: 'passed' }
}

export function passed(at: Date, checks: readonly Check[]): Verdict {
  return { indication: 'PASSED', sub: null, at, checks }
}

/** The verdict when step `id` fails after the checks `before` it. */
export function stopped(
  at: Date,
  before: readonly Check[],
  id: CheckId,
  { sub, expected }: Failure,
): Verdict {
  const indeterminate = INDETERMINATE.includes(sub)
  const last: Check = { id, outcome: indeterminate ? 'indeterminate' : 'failed', expected }
  return {
    indication: indeterminate ? 'INDETERMINATE' : 'FAILED',
    sub,
    at,
    checks: [...before, last],
  }
}
