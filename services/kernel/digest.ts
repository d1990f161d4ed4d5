import { createHash, createHmac, hash as digestOf } from 'node:crypto'
import { toHex } from './bytes.ts'

export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return asBytes(digestOf('sha256', only, 'buffer'))
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return asBytes(hash.digest())
}

/**
 * Whether `digest` is that of `bytes`. For digests that are public: how long it takes tells how much of them is equal. A
 * digest as text costs half of one as bytes.
 */
export function isDigestOf(digest: Uint8Array, algorithm: string, bytes: Uint8Array): boolean {
  return toHex(digest) === digestOf(algorithm, bytes, 'hex')
}

/** The digest of bytes that do not change, from where it is kept or made and kept there. */
export function digestOnce(
  kept: Map<string, Uint8Array>,
  algorithm: string,
  bytes: Uint8Array,
): Uint8Array {
  const known = kept.get(algorithm)
  if (known !== undefined) return known
  const digest = asBytes(digestOf(algorithm, bytes, 'buffer'))
  kept.set(algorithm, digest)
  return digest
}

export function hmacSha256(
  key: Uint8Array,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return asBytes(mac.digest())
}

/** A Buffer has methods of the same names as an Uint8Array's that do something else. */
function asBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}
