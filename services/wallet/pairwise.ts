import { lengthPrefixed, toBase64Url } from '../kernel/bytes.ts'
import { hmacSha256 } from '../kernel/digest.ts'

/** Raised when pseudonyms of a sector must change; none has yet. */
export const FIRST_EPOCH = 1

export interface PairwiseInput {
  readonly personaKey: Uint8Array
  readonly issuer: string
  readonly sectorId: string
  readonly epoch: number
}

/**
 * Pseudonym of a persona in a sector: 43 characters of base64url (OpenID Connect Core §8.1). The key is random per persona,
 * so there is no one secret whose loss would link everybody, and the pseudonyms end with the persona.
 */
export function derivePairwiseSubject(input: PairwiseInput): string {
  const { personaKey, issuer, sectorId, epoch } = input
  return toBase64Url(
    hmacSha256(personaKey, lengthPrefixed('ppid/1', issuer, sectorId, String(epoch))),
  )
}
