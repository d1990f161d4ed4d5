/** Which keys and signatures are taken at all. */
export interface AlgorithmPolicy {
  readonly rsaMinimumBits: number
  readonly rsaMinimumExponent: number
  /** SHA-1 under a signature: in public test vectors only. */
  readonly sha1: boolean
}

export const STRICT_ALGORITHMS: AlgorithmPolicy = {
  rsaMinimumBits: 2048,
  rsaMinimumExponent: 65537,
  sha1: false,
}

/** What public test files are signed with; never in production. */
export const VECTOR_ALGORITHMS: AlgorithmPolicy = {
  rsaMinimumBits: 1024,
  rsaMinimumExponent: 3,
  sha1: true,
}
