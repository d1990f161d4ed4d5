import { concatBytes } from '../kernel/bytes.ts'
import { CardError } from './card-error.ts'

/** A data object of the card's own files: BER-TLV with tags of one or two bytes (ISO/IEC 7816-4 §6.3). */
export interface DataObject {
  readonly tag: number
  readonly value: Uint8Array
  /** The object as written, tag and length included. */
  readonly whole: Uint8Array
}

/** Reads the first object of `bytes`; `CardError` `CARD_PROTOCOL` when it is not whole. */
export function readObject(bytes: Uint8Array): DataObject {
  const { tag, headerLength, length } = readHeader(bytes)
  const end = headerLength + length
  if (bytes.length < end) throw malformed()
  return { tag, value: bytes.subarray(headerLength, end), whole: bytes.subarray(0, end) }
}

/** Reads `bytes` as objects with exactly these tags in this order, and nothing after them. */
export function readObjects<const Tags extends readonly number[]>(
  bytes: Uint8Array,
  tags: Tags,
): { readonly [Index in keyof Tags]: DataObject } {
  let rest = bytes
  const objects = tags.map((tag) => {
    const object = readObject(rest)
    if (object.tag !== tag) throw malformed()
    rest = rest.subarray(object.whole.length)
    return object
  })
  if (rest.length > 0) throw malformed()
  return objects as { readonly [Index in keyof Tags]: DataObject } // one for each tag
}

/** Length of the object that begins here, header included. */
export function objectLength(start: Uint8Array): number {
  const { headerLength, length } = readHeader(start)
  return headerLength + length
}

/** Writes an object with its length in the shortest form. */
export function writeObject(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const value = concatBytes(...content)
  const { length } = value
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(
    Uint8Array.from(tag > 0xff ? [tag >> 8, tag & 0xff] : [tag]),
    Uint8Array.from(size),
    value,
  )
}

function readHeader(bytes: Uint8Array): { tag: number; headerLength: number; length: number } {
  const [first, second] = bytes
  if (first === undefined || second === undefined) throw malformed()
  // Five low bits set: the tag goes on in the next byte, which is the last one of it when its high bit is clear.
  const long = (first & 0x1f) === 0x1f
  if (long && second >= 0x80) throw malformed()
  const tag = long ? (first << 8) | second : first
  const at = long ? 2 : 1
  const form = bytes[at]
  if (form === undefined) throw malformed()
  if (form < 0x80) return { tag, headerLength: at + 1, length: form }
  const size = form - 0x80
  const octets = bytes.subarray(at + 1, at + 1 + size)
  if (size < 1 || size > 2 || octets.length < size) throw malformed()
  const length = octets.reduce((sum, octet) => (sum << 8) | octet, 0)
  if (length < (size === 1 ? 0x80 : 0x100)) throw malformed() // the shortest form alone
  return { tag, headerLength: at + 1 + size, length }
}

function malformed(): CardError {
  return new CardError('CARD_PROTOCOL', 'expected data objects of the documented form')
}
