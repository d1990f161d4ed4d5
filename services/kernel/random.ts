import { randomBytes } from 'node:crypto'
import { v4, v7 } from 'uuid'
import { toBase64Url } from './bytes.ts'

/** The only source of randomness; tests pass one that they can repeat. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/** UUIDv7: ordered by time, so good as a key of ours; never shown to a relying party. */
export function orderedId(random: Random, at: Date): string {
  return v7({ msecs: at.getTime(), random: random.bytes(16) })
}

/** UUIDv4: tells nothing about when it was made. For `subject_ref` and whatever leaves the house. */
export function opaqueId(random: Random): string {
  return v4({ random: random.bytes(16) })
}

/** A secret of `length` bytes (256 bit by default) in base64url. */
export function randomToken(random: Random, length = 32): string {
  return toBase64Url(random.bytes(length))
}
