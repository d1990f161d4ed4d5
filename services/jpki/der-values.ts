import { isUtf8 } from 'node:buffer'
import { daysIn } from '../kernel/calendar.ts'
import { TAG, inside, type DerElement, type DerReader } from './der.ts'
import { MalformedDer } from './errors.ts'
import { sameBytes } from './shared-values.ts'

/** `BOOLEAN DEFAULT FALSE`: DER leaves the default out, so FALSE written down is malformed (X.690 §11.5). */
export function readDefaultFalse(reader: DerReader, tag: number = TAG.boolean): boolean {
  if (reader.nextTag !== tag) return false
  const offset = reader.advance(tag)
  if (reader.position - offset !== 1 || reader.bytes[offset] !== 0xff) {
    throw new MalformedDer('TRUE, or the default left out', offset)
  }
  return true
}

/** Contents of an INTEGER in minimal two's complement (X.690 §8.3.2), at most `cap` octets. */
export function readInteger(reader: DerReader, cap = 64, tag: number = TAG.integer): Uint8Array {
  const offset = advanceInteger(reader, cap, tag)
  return reader.bytes.subarray(offset, reader.position)
}

/** Goes over an INTEGER and gives the place where its contents begin. */
function advanceInteger(reader: DerReader, cap: number, tag: number): number {
  const offset = reader.advance(tag)
  const length = reader.position - offset
  if (length === 0) throw new MalformedDer('an INTEGER with contents', offset)
  if (length > cap) throw new MalformedDer(`an INTEGER of at most ${cap} octets`, offset)
  if (length === 1) return offset
  const first = reader.bytes[offset] ?? 0
  const second = reader.bytes[offset + 1] ?? 0
  if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) {
    throw new MalformedDer('a minimal INTEGER', offset)
  }
  return offset
}

/** A non-negative INTEGER below 2^53; larger or negative ones are malformed here. */
export function readSmallInteger(reader: DerReader, tag: number = TAG.integer): number {
  const offset = advanceInteger(reader, 7, tag)
  const { bytes, position } = reader
  if ((bytes[offset] ?? 0) >= 0x80) throw new MalformedDer('a non-negative INTEGER', offset)
  let value = 0
  for (let at = offset; at < position; at++) value = value * 256 + (bytes[at] ?? 0)
  // Seven octets hold more than a number does exactly.
  if (value > Number.MAX_SAFE_INTEGER) throw new MalformedDer('an INTEGER below 2^53', offset)
  return value
}

/** Two's complement octets as a number of any size. */
export function toBigInt(integer: Uint8Array): bigint {
  let value = 0n
  for (const octet of integer) value = (value << 8n) | BigInt(octet)
  return (integer[0] ?? 0) >= 0x80 ? value - (1n << BigInt(8 * integer.length)) : value
}

/** BIT STRING of whole octets. */
export function readOctetAlignedBits(reader: DerReader): Uint8Array {
  const offset = reader.advance(TAG.bitString)
  const { bytes, position } = reader
  if (position === offset || bytes[offset] !== 0) {
    throw new MalformedDer('a BIT STRING of whole octets', offset)
  }
  return bytes.subarray(offset + 1, position)
}

/** A named bit list as the set of bit numbers: unused bits zero, no trailing zero bits (X.690 §11.2). */
export function readNamedBits(reader: DerReader, tag: number = TAG.bitString): Set<number> {
  const { contents, offset } = reader.read(tag)
  const [unused] = contents
  const octets = contents.subarray(1)
  const last = octets.at(-1)
  if (
    unused === undefined ||
    unused > 7 ||
    octets.length > 4 ||
    (last === undefined && unused > 0)
  ) {
    throw new MalformedDer('a named bit list', offset)
  }
  if (last !== undefined && (last & ((1 << (unused + 1)) - 1)) !== 1 << unused) {
    throw new MalformedDer('a named bit list without trailing zero bits', offset)
  }
  const bits = new Set<number>()
  octets.forEach((octet, i) => {
    for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) bits.add(8 * i + bit)
  })
  return bits
}

const MAX_OID_OCTETS = 64

/** OBJECT IDENTIFIER in dotted form; each arc minimal (X.690 §8.19.2). */
export function readOid(reader: DerReader): string {
  const offset = reader.advance(TAG.oid)
  return oidAt(reader.bytes, offset, reader.position)
}

export function oidText({ bytes, offset, end }: DerElement): string {
  return oidAt(bytes, offset, end)
}

interface DecodedOid {
  readonly contents: Uint8Array
  readonly text: string
}

/**
 * Dotted forms by a digest of the encoding. The same few dozen stand in every certificate, and text is what tables and
 * messages want, so each is decoded once; one that falls on the place of another takes it.
 */
const decodedOids: (DecodedOid | undefined)[] = Array.from({ length: 1024 })

function oidAt(bytes: Uint8Array, offset: number, end: number): string {
  const length = end - offset
  if (length === 0 || length > MAX_OID_OCTETS) {
    throw new MalformedDer(`an OBJECT IDENTIFIER of 1 to ${MAX_OID_OCTETS} octets`, offset)
  }
  let slot = length
  for (let at = offset; at < end; at++) slot = (slot * 31 + (bytes[at] ?? 0)) & 0x3ff
  const known = decodedOids[slot]
  if (known !== undefined && sameBytes(known.contents, bytes, offset, end)) return known.text
  const contents = new Uint8Array(bytes.subarray(offset, end)) // a copy, whatever kind of view it is
  const text = decodeOid(contents, offset)
  decodedOids[slot] = { contents, text }
  return text
}

function decodeOid(contents: Uint8Array, offset: number): string {
  const arcs: bigint[] = []
  let arc = 0n
  let first = true // of this arc
  for (const octet of contents) {
    if (first && octet === 0x80) throw new MalformedDer('a minimal arc', offset)
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    first = octet < 0x80
    if (first) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const [root, ...rest] = arcs
  if (!first || root === undefined) throw new MalformedDer('a whole arc', offset)
  const top = root < 80n ? root / 40n : 2n
  return [top, root - top * 40n, ...rest].join('.')
}

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2): its OID, its parameters as they stand, and the whole of it. */
export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: DerElement | null
  readonly element: DerElement
}

export function readAlgorithm(reader: DerReader): AlgorithmIdentifier {
  return algorithmOf(reader.read(TAG.sequence))
}

/** An algorithm that is to be the one read before: that one where both stand in the same octets. */
export function readAlgorithmAgain(
  reader: DerReader,
  before: AlgorithmIdentifier,
): AlgorithmIdentifier {
  const element = reader.read(TAG.sequence)
  return element.compareTo(before.element) === 0 ? before : algorithmOf(element)
}

export function algorithmOf(element: DerElement): AlgorithmIdentifier {
  const body = inside(element)
  const oid = readOid(body)
  const parameters = body.atEnd ? null : body.read()
  body.finish()
  return { oid, parameters, element }
}

/** Whether the algorithm inside the signature is the one beside it, byte for byte (RFC 5280 §4.1.1.2, §5.1.1.2). */
export function namesOneAlgorithm(signed: {
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly outerAlgorithm: AlgorithmIdentifier
}): boolean {
  return signed.innerAlgorithm.element.compareTo(signed.outerAlgorithm.element) === 0
}

/** Refuses what is not well-formed UTF-8 (X.690 §8.23.10). */
export function checkUtf8(element: DerElement): void {
  const { bytes, offset, end } = element
  for (let at = offset; at < end; at++) {
    if ((bytes[at] ?? 0) < 0x80) continue
    if (!isUtf8(element.contents)) throw new MalformedDer('well-formed UTF-8', offset)
    return
  }
}

/** Text of a UTF8String that was checked. */
export function utf8Text({ bytes, offset, length }: DerElement): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('utf8')
}

/** Text of a string type of one octet a character. */
export function latin1Text({ bytes, offset, length }: DerElement): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1')
}

/** Text of a BMPString; null when it has half a character. */
export function bmpText({ contents }: DerElement): string | null {
  return contents.length % 2 === 0 ? Buffer.from(contents).swap16().toString('utf16le') : null
}

/** A time of day in UTC with the form it was written in; RFC 5280 §4.1.2.5 leaves one form per year. */
export interface DerTime {
  readonly at: Date
  readonly form: 'utc' | 'generalized'
}

/** UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`, nothing else, and a day that exists. */
export function readTime(reader: DerReader): DerTime {
  const form = reader.nextTag === TAG.utcTime ? 'utc' : 'generalized'
  const isUtc = form === 'utc'
  return { at: parseTime(reader, isUtc ? TAG.utcTime : TAG.generalizedTime, isUtc ? 2 : 4), form }
}

/** GeneralizedTime where the structure allows no other (OCSP). */
export function readGeneralizedTime(reader: DerReader): Date {
  return parseTime(reader, TAG.generalizedTime, 4)
}

function parseTime(reader: DerReader, tag: number, yearDigits: 2 | 4): Date {
  const offset = reader.advance(tag)
  const time = timeAt(reader.bytes, offset, reader.position - offset, yearDigits)
  if (Number.isNaN(time)) throw new MalformedDer('a time in UTC with seconds that exists', offset)
  return new Date(time)
}

/**
 * Milliseconds since 1970 of `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` at a place of the input; NaN when it has another form or
 * its day or hour does not exist. Two digits stand for 1950 to 2049 (RFC 5280 §4.1.2.5.1).
 */
export function timeAt(
  bytes: Uint8Array,
  offset: number,
  length: number,
  yearDigits: 2 | 4,
): number {
  if (length !== yearDigits + 11 || bytes[offset + length - 1] !== 0x5a) return Number.NaN
  const written =
    yearDigits === 4
      ? 100 * twoDigits(bytes, offset) + twoDigits(bytes, offset + 2)
      : twoDigits(bytes, offset)
  const year = yearDigits === 4 ? written : written < 50 ? 2000 + written : 1900 + written
  const at = offset + yearDigits
  const month = twoDigits(bytes, at)
  const day = twoDigits(bytes, at + 2)
  const hour = twoDigits(bytes, at + 4)
  const minute = twoDigits(bytes, at + 6)
  const second = twoDigits(bytes, at + 8)
  const exists =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(month, year) &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!exists) return Number.NaN
  return (((daysBefore(year, month) + day - 1) * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}

/** NaN for anything but two digits, which no comparison lets through. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30
  const units = (bytes[at + 1] ?? 0) - 0x30
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? 10 * tens + units : Number.NaN
}

/** Days from 1970-01-01 to the first of a month of the Gregorian calendar, counted in years that begin in March. */
function daysBefore(year: number, month: number): number {
  const y = month > 2 ? year : year - 1
  const monthFromMarch = (month + 9) % 12
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return 365 * y + leapDays + Math.floor((153 * monthFromMarch + 2) / 5) - 719_468
}
