/** Which keys and signatures are taken at all. */
export interface AlgorithmPolicy {
  readonly rsaMinimumBits: number
  /** SHA-1 under a signature: in public test vectors only. */
  readonly sha1: boolean
}

export const STRICT_ALGORITHMS: AlgorithmPolicy = { rsaMinimumBits: 2048, sha1: false }
