import { concatBytes, utf8 } from '../kernel/bytes.ts'

export type Cbor = number | string | Uint8Array | CborMap | readonly Cbor[]
export type CborMap = Map<number | string, Cbor>

/** Definite-length CBOR (RFC 8949) of what attestation objects and COSE keys are made of; members in the given order. */
export function encodeCbor(value: Cbor): Uint8Array {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return concatBytes(head(3, utf8(value).length), utf8(value))
  if (value instanceof Uint8Array) return concatBytes(head(2, value.length), value)
  if (value instanceof Map) {
    const members = [...value].flatMap(([key, member]) => [encodeCbor(key), encodeCbor(member)])
    return concatBytes(head(5, value.size), ...members)
  }
  return concatBytes(head(4, value.length), ...value.map(encodeCbor))
}

function head(major: number, argument: number): Uint8Array {
  const type = major << 5
  if (argument < 24) return Uint8Array.of(type | argument)
  if (argument < 0x100) return Uint8Array.of(type | 24, argument)
  if (argument < 0x1_0000) return Uint8Array.of(type | 25, argument >> 8, argument & 0xff)
  throw new TypeError('expected a number or a length below 65536')
}
