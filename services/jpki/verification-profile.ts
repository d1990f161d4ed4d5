import { STRICT_ALGORITHMS, VECTOR_ALGORITHMS, type AlgorithmPolicy } from './algorithm-policy.ts'

/**
 * How strict a verification is. `jpki`: a person's certificate of JPKI, issued by a root. `rfc5280`: any certificate and
 * path. `vectors`: the same with what public test files need, never in production.
 */
export const VERIFICATION_PROFILES = ['jpki', 'rfc5280', 'vectors'] as const
export type VerificationProfile = (typeof VERIFICATION_PROFILES)[number]

/** What a profile takes of any path. */
export interface PathRules {
  readonly algorithms: AlgorithmPolicy
  /** Issuers without basic constraints, certificates without the key identifier of their issuer. */
  readonly unmarked: boolean
  /** Revocation lists of version 1, or without a number. */
  readonly unnumbered: boolean
}

export const PATH_RULES: Readonly<Record<Exclude<VerificationProfile, 'jpki'>, PathRules>> = {
  rfc5280: { algorithms: STRICT_ALGORITHMS, unmarked: false, unnumbered: false },
  vectors: { algorithms: VECTOR_ALGORITHMS, unmarked: true, unnumbered: true },
}
