import { concatBytes } from '../kernel/bytes.ts'
import { CardError } from './card-error.ts'

/** A command of ISO/IEC 7816-4 §5.1; `le` is the number of bytes wanted at most (absent: none). */
export interface CommandApdu {
  readonly cla: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data?: Uint8Array
  readonly le?: number
}

export interface ResponseApdu {
  readonly data: Uint8Array
  /** SW1‖SW2, such as 0x9000. */
  readonly sw: number
}

const SHORT_DATA = 255
const SHORT_LE = 256

/** Bytes of a command: short form where it fits, else extended. `TypeError` for a command that no form can hold. */
export function encodeCommand(command: CommandApdu): Uint8Array {
  const { cla, ins, p1, p2, data = new Uint8Array(), le } = command
  const header = [cla, ins, p1, p2]
  if (header.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) {
    throw new TypeError('expected header bytes from 0 to 255')
  }
  if (data.length > 65_535 || (le !== undefined && (le < 1 || le > 65_536))) {
    throw new TypeError('expected at most 65535 bytes of data and Le from 1 to 65536')
  }
  const extended = data.length > SHORT_DATA || (le ?? 0) > SHORT_LE
  return concatBytes(
    Uint8Array.from(header),
    extended ? extendedBody(data, le) : shortBody(data, le),
  )
}

function shortBody(data: Uint8Array, le: number | undefined): Uint8Array {
  const lc = data.length === 0 ? [] : [data.length]
  return concatBytes(
    Uint8Array.from(lc),
    data,
    Uint8Array.from(le === undefined ? [] : [le % SHORT_LE]),
  )
}

function extendedBody(data: Uint8Array, le: number | undefined): Uint8Array {
  const uint16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
  const lc = data.length === 0 ? [] : [0, ...uint16(data.length)]
  // The leading zero that marks the extended form stands once: before Lc, or before Le when there is no data.
  const end = le === undefined ? [] : [...(data.length === 0 ? [0] : []), ...uint16(le % 65_536)]
  return concatBytes(Uint8Array.from(lc), data, Uint8Array.from(end))
}

/** Reads a command of cases 1 to 4, short or extended; undefined when its lengths do not agree (status 6700). */
export function parseCommand(bytes: Uint8Array): CommandApdu | undefined {
  const [cla, ins, p1, p2, first] = bytes
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) {
    return undefined
  }
  const header = { cla, ins, p1, p2 }
  const body = bytes.subarray(4)
  if (first === undefined) return header
  if (body.length === 1) return { ...header, le: first === 0 ? SHORT_LE : first }
  if (first !== 0) return withBody(header, body.subarray(1), first, 1)
  if (body.length < 3) return undefined
  const length = uint16At(body, 1)
  if (body.length === 3) return { ...header, le: length === 0 ? 65_536 : length }
  return length === 0 ? undefined : withBody(header, body.subarray(3), length, 2)
}

function withBody(
  header: CommandApdu,
  rest: Uint8Array,
  lc: number,
  leSize: 1 | 2,
): CommandApdu | undefined {
  const data = rest.subarray(0, lc)
  if (rest.length === lc) return { ...header, data }
  if (rest.length !== lc + leSize) return undefined
  const le = leSize === 1 ? (rest[lc] ?? 0) : uint16At(rest, lc)
  return { ...header, data, le: le === 0 ? (leSize === 1 ? SHORT_LE : 65_536) : le }
}

function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

export function encodeResponse({ data, sw }: ResponseApdu): Uint8Array {
  return concatBytes(data, Uint8Array.of(sw >> 8, sw & 0xff))
}

/** Splits a response; `CardError` `CARD_PROTOCOL` when there is no status word or more data than any Le can ask for. */
export function parseResponse(bytes: Uint8Array): ResponseApdu {
  if (bytes.length < 2 || bytes.length > 65_538) {
    throw new CardError('CARD_PROTOCOL', 'expected a response with a status word')
  }
  return { data: bytes.slice(0, -2), sw: uint16At(bytes, bytes.length - 2) }
}
