import { TAG, inside, type DerElement, type DerReader } from './der.ts'
import { MalformedDer } from './errors.ts'

/** BOOLEAN; DER knows only 00 and FF (X.690 §11.1). */
export function readBoolean(reader: DerReader): boolean {
  const { contents, offset } = reader.read(TAG.boolean)
  const [value] = contents
  if (contents.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw new MalformedDer('a BOOLEAN of 00 or FF', offset)
  }
  return value === 0xff
}

/** `BOOLEAN DEFAULT FALSE`: DER leaves the default out, so FALSE written down is malformed (X.690 §11.5). */
export function readDefaultFalse(reader: DerReader, tag: number = TAG.boolean): boolean {
  const element = reader.optional(tag)
  if (element === null) return false
  if (element.contents.length !== 1 || element.contents[0] !== 0xff) {
    throw new MalformedDer('TRUE, or the default left out', element.offset)
  }
  return true
}

/** Contents of an INTEGER in minimal two's complement (X.690 §8.3.2), at most `cap` octets. */
export function readInteger(reader: DerReader, cap = 64, tag: number = TAG.integer): Uint8Array {
  const element = reader.read(tag)
  checkInteger(element, cap)
  return element.contents
}

function checkInteger({ contents, offset }: DerElement, cap: number): void {
  const [first, second] = contents
  if (first === undefined) throw new MalformedDer('an INTEGER with contents', offset)
  if (contents.length > cap) throw new MalformedDer(`an INTEGER of at most ${cap} octets`, offset)
  if (second === undefined) return
  if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) {
    throw new MalformedDer('a minimal INTEGER', offset)
  }
}

/** A non-negative INTEGER below 2^53; larger or negative ones are malformed here. */
export function readSmallInteger(reader: DerReader, tag: number = TAG.integer): number {
  const element = reader.read(tag)
  checkInteger(element, 7)
  if ((element.contents[0] ?? 0) >= 0x80) {
    throw new MalformedDer('a non-negative INTEGER', element.offset)
  }
  return element.contents.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** Two's complement octets as a number of any size. */
export function toBigInt(integer: Uint8Array): bigint {
  let value = 0n
  for (const octet of integer) value = (value << 8n) | BigInt(octet)
  return (integer[0] ?? 0) >= 0x80 ? value - (1n << BigInt(8 * integer.length)) : value
}

/** BIT STRING of whole octets. */
export function readOctetAlignedBits(reader: DerReader): Uint8Array {
  const { contents, offset } = reader.read(TAG.bitString)
  if (contents[0] !== 0) throw new MalformedDer('a BIT STRING of whole octets', offset)
  return contents.subarray(1)
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
  return oidText(reader.read(TAG.oid))
}

export function oidText({ contents, offset }: DerElement): string {
  if (contents.length === 0 || contents.length > MAX_OID_OCTETS) {
    throw new MalformedDer(`an OBJECT IDENTIFIER of 1 to ${MAX_OID_OCTETS} octets`, offset)
  }
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

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2): its OID, its parameters as they stand, and all its bytes. */
export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: DerElement | null
  readonly encoding: Uint8Array
}

export function readAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const element = reader.read(TAG.sequence)
  const body = inside(element)
  const oid = readOid(body)
  const parameters = body.atEnd ? null : body.read()
  body.finish()
  return { oid, parameters, encoding: element.encoding }
}

/** Whether the algorithm inside the signature is the one beside it, byte for byte (RFC 5280 §4.1.1.2, §5.1.1.2). */
export function namesOneAlgorithm(signed: {
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly outerAlgorithm: AlgorithmIdentifier
}): boolean {
  const { innerAlgorithm, outerAlgorithm } = signed
  return Buffer.compare(innerAlgorithm.encoding, outerAlgorithm.encoding) === 0
}

const fatalUtf8 = new TextDecoder('utf-8', { fatal: true })

export function decodeUtf8({ contents, offset }: DerElement): string {
  try {
    return fatalUtf8.decode(contents)
  } catch (cause) {
    throw new MalformedDer('well-formed UTF-8', offset, { cause })
  }
}

/** A time of day in UTC with the form it was written in; RFC 5280 §4.1.2.5 leaves one form per year. */
export interface DerTime {
  readonly at: Date
  readonly form: 'utc' | 'generalized'
}

/** UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`, nothing else, and a day that exists. */
export function readTime(reader: DerReader): DerTime {
  const form = reader.nextTag === TAG.utcTime ? 'utc' : 'generalized'
  const element = reader.read(form === 'utc' ? TAG.utcTime : TAG.generalizedTime)
  return { at: parseTime(element, form === 'utc' ? 2 : 4), form }
}

/** GeneralizedTime where the structure allows no other (OCSP). */
export function readGeneralizedTime(reader: DerReader): Date {
  return parseTime(reader.read(TAG.generalizedTime), 4)
}

function parseTime({ contents, offset }: DerElement, yearDigits: number): Date {
  const text = Buffer.from(contents).toString('latin1')
  if (text.length !== yearDigits + 11 || !/^[0-9]+Z$/.test(text)) {
    throw new MalformedDer('a time in UTC with seconds', offset)
  }
  const at = (start: number): number =>
    Number(text.slice(yearDigits + start, yearDigits + start + 2))
  const written = Number(text.slice(0, yearDigits))
  const year = yearDigits === 4 ? written : written < 50 ? 2000 + written : 1900 + written
  const date = new Date(0)
  date.setUTCFullYear(year, at(0) - 1, at(2))
  date.setUTCHours(at(4), at(6), at(8))
  // A roll-over means that the day or the hour does not exist.
  const same =
    date.getUTCMonth() === at(0) - 1 &&
    date.getUTCDate() === at(2) &&
    date.getUTCHours() === at(4) &&
    date.getUTCMinutes() === at(6) &&
    date.getUTCSeconds() === at(8)
  if (!same) throw new MalformedDer('a day and time that exist', offset)
  return date
}
