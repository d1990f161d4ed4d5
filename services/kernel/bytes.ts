import { timingSafeEqual } from 'node:crypto'
import { InvalidInput } from './errors.ts'

const encoder = new TextEncoder()

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/**
 * LP(a, b, …): each part as a 4-byte big-endian length and its bytes; strings as UTF-8. Plain concatenation
 * would let one string be cut at two places and give one hash to two different things.
 */
export function lengthPrefixed(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const encoded = parts.map((part) => (typeof part === 'string' ? utf8(part) : part))
  return concatBytes(
    ...encoded.flatMap((part) => {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, part.length)
      return [length, part]
    }),
  )
}

/** Equal in content, compared in a time that depends on the length alone. The one such compare in the project. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}

/** Strict: the alphabet of RFC 4648 §5 without padding, and only the canonical form. */
export function fromBase64Url(text: string, path = ''): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text)
    throw new InvalidInput(path, 'base64url without padding')
  return new Uint8Array(bytes)
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** Strict: RFC 4648 §4 with padding, and only the canonical form. */
export function fromBase64(text: string, path = ''): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new InvalidInput(path, 'base64')
  return new Uint8Array(bytes)
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Strict: an even number of hexadecimal digits. */
export function fromHex(text: string, path = ''): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new InvalidInput(path, 'hexadecimal bytes')
  return new Uint8Array(Buffer.from(text, 'hex'))
}
