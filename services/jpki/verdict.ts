/** What a verification came to: ETSI EN 319 102-1 §5.1.3. Only PASSED may be relied on. */
export type Indication = 'PASSED' | 'INDETERMINATE' | 'FAILED'

/** Sub-indications of ETSI EN 319 102-1 that this verifier gives. */
export const SUB_INDICATIONS = [
  'FORMAT_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'REVOKED',
  'EXPIRED',
  'NOT_YET_VALID',
  'OUT_OF_BOUNDS_NO_POE',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'TRY_LATER',
] as const
export type SubIndication = (typeof SUB_INDICATIONS)[number]

/** Steps in the order in which they are taken; the first one that does not pass decides. */
export const CHECKS = [
  'certificate-format',
  'certification-path',
  'issuer-validity',
  'certificate-validity',
  'certificate-profile',
  'subject-attributes',
  'application-signature',
  'revocation-status',
] as const
export type CheckId = (typeof CHECKS)[number]

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
  'NO_CERTIFICATE_CHAIN_FOUND',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'OUT_OF_BOUNDS_NO_POE',
  'TRY_LATER',
]

export function passed(at: Date, ids: readonly CheckId[]): Verdict {
  return {
    indication: 'PASSED',
    sub: null,
    at,
    checks: ids.map((id) => ({ id, outcome: 'passed' as const })),
  }
}

/** The verdict when step `id` fails after the steps `before` it. */
export function stopped(
  at: Date,
  before: readonly CheckId[],
  id: CheckId,
  { sub, expected }: Failure,
): Verdict {
  const indeterminate = INDETERMINATE.includes(sub)
  const last: Check = { id, outcome: indeterminate ? 'indeterminate' : 'failed', expected }
  return {
    indication: indeterminate ? 'INDETERMINATE' : 'FAILED',
    sub,
    at,
    checks: [...passed(at, before).checks, last],
  }
}
