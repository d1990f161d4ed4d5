import { TAG, DerReader, inside, type DerElement } from './der.ts'
import { readInteger, readSmallInteger, readTime, timeAt } from './der-values.ts'
import { readExtensions, readExtensionValue } from './extensions.ts'
import { MalformedDer } from './errors.ts'
import { EXTENSION } from './oids.ts'
import { reasonName, type RevocationReason } from './revocation.ts'

/** One revoked certificate of a CRL. */
export interface RevokedEntry {
  readonly revokedAt: Date
  readonly reason: RevocationReason
}

/**
 * An index by serial: a table of offsets into the DER, no object per entry. Every entry was read once when it was built,
 * so a malformed one anywhere makes the whole CRL malformed.
 */
export interface RevokedEntries {
  readonly count: number
  /** Whether an entry has a critical extension that we do not know: then the CRL is unusable (RFC 5280 §5.3). */
  readonly unsupported: boolean
  find(serial: Uint8Array): RevokedEntry | null
}

export const NO_ENTRIES: RevokedEntries = { count: 0, unsupported: false, find: () => null }

/** Indexes the contents of `revokedCertificates`. Duplicate serials are malformed: one of them would win by chance. */
export function indexEntries(list: DerElement): RevokedEntries {
  const { bytes, offset: first, end } = list
  // The shortest entry has 20 octets, so this never is too small.
  const table = new EntryTable(bytes, Math.ceil(list.length / MIN_ENTRY))
  let unsupported = false
  let count = 0
  for (let at = first; at < end; count++) {
    let next = usualEntryEnd(bytes, at, end)
    if (next === 0) {
      const entry = new DerReader(bytes, at, end).read(TAG.sequence)
      const { critical } = readEntry(entry)
      unsupported ||= critical
      next = entry.end
    }
    if (!table.add(at)) throw new MalformedDer('each serial once', at)
    at = next
  }
  if (count === 0) throw new MalformedDer('another element', first)
  return { count, unsupported, find: (serial) => entryAt(bytes, table.find(serial)) }
}

/** The entry at an offset that the table gave, so its form is known. */
function entryAt(bytes: Uint8Array, at: number): RevokedEntry | null {
  if (at < 0) return null
  const stop = usualEntryEnd(bytes, at, bytes.length)
  if (stop !== 0) {
    const time = at + 4 + (bytes[at + 3] ?? 0)
    return {
      revokedAt: new Date(timeAt(bytes, time + 2, 13, 2)),
      reason: (stop === time + 15 ? null : reasonName(bytes[stop - 1] ?? 0)) ?? 'unspecified',
    }
  }
  const { revokedAt, reason } = readEntry(new DerReader(bytes, at).read(TAG.sequence))
  return { revokedAt, reason }
}

/** SEQUENCE, INTEGER of one octet, UTCTime. */
const MIN_ENTRY = 2 + 3 + 15
const REASON_EXTENSION = [0x30, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1]
const MAX_REASON = 10

/**
 * Where the entry at `at` ends when it has the shape that nearly all entries have: a short serial, a UTCTime, and at most
 * a reason. 0 when it has not: then it is read in full, which also finds what is wrong with it.
 */
function usualEntryEnd(bytes: Uint8Array, at: number, end: number): number {
  const length = bytes[at + 1] ?? 0xff
  const stop = at + 2 + length
  if (bytes[at] !== TAG.sequence || length >= 0x80 || stop > end) return 0
  const serial = bytes[at + 3] ?? 0
  const lead = bytes[at + 4] ?? 0
  // Positive, and without a leading zero octet.
  if (bytes[at + 2] !== TAG.integer || serial === 0 || serial > 20 || lead === 0 || lead >= 0x80) {
    return 0
  }
  const time = at + 4 + serial
  if (bytes[time] !== TAG.utcTime || bytes[time + 1] !== 13) return 0
  if (Number.isNaN(timeAt(bytes, time + 2, 13, 2))) return 0
  const rest = time + 15
  if (rest === stop) return stop
  if (rest + REASON_EXTENSION.length + 1 !== stop) return 0
  for (let i = 0; i < REASON_EXTENSION.length; i++) {
    if (bytes[rest + i] !== REASON_EXTENSION[i]) return 0
  }
  const reason = bytes[stop - 1] ?? 7
  return reason > MAX_REASON || reason === 7 ? 0 : stop
}

function readEntry(entry: DerElement): RevokedEntry & { critical: boolean } {
  const body = inside(entry)
  readInteger(body)
  const revokedAt = readTime(body).at
  if (body.atEnd) return { revokedAt, reason: 'unspecified', critical: false }
  const extensions = readExtensions(body)
  const reason = extensions.find((extension) => extension.oid === EXTENSION.reasonCode)
  return {
    revokedAt,
    reason: reason === undefined ? 'unspecified' : readExtensionValue(reason, readReason),
    // A critical reasonCode is understood; any other critical entry extension is not.
    critical: extensions.some(({ critical, oid }) => critical && oid !== EXTENSION.reasonCode),
  }
}

export function readReason(reader: DerReader): RevocationReason {
  const reason = reasonName(readSmallInteger(reader, TAG.enumerated))
  if (reason === null) reader.fail('a defined CRLReason')
  return reason
}

/** Offsets of entries by serial: open addressing, linear probing, load at most 1/2; stored plus one, so that 0 is empty. */
class EntryTable {
  readonly #bytes: Uint8Array
  readonly #slots: Uint32Array
  readonly #mask: number

  constructor(bytes: Uint8Array, most: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(1, most) * 2))
    this.#bytes = bytes
    this.#slots = new Uint32Array(size)
    this.#mask = size - 1
  }

  /** @returns false when an entry with this serial is there already */
  add(entry: number): boolean {
    const bytes = this.#bytes
    const serial = serialOffset(bytes, entry)
    const length = bytes[serial - 1] ?? 0
    let slot = hash(bytes, serial, length) & this.#mask
    for (;;) {
      const stored = this.#slots[slot] ?? 0
      if (stored === 0) break
      if (this.#holds(stored - 1, bytes, serial, length)) return false
      slot = (slot + 1) & this.#mask
    }
    this.#slots[slot] = entry + 1
    return true
  }

  /** @returns where the entry starts, or -1 */
  find(serial: Uint8Array): number {
    let slot = hash(serial, 0, serial.length) & this.#mask
    for (;;) {
      const stored = this.#slots[slot] ?? 0
      if (stored === 0) return -1
      if (this.#holds(stored - 1, serial, 0, serial.length)) return stored - 1
      slot = (slot + 1) & this.#mask
    }
  }

  #holds(entry: number, other: Uint8Array, at: number, length: number): boolean {
    const bytes = this.#bytes
    const serial = serialOffset(bytes, entry)
    if (bytes[serial - 1] !== length) return false
    for (let i = 0; i < length; i++) if (bytes[serial + i] !== other[at + i]) return false
    return true
  }
}

/** Where the serial octets of an entry that was read before begin; their number stands in the octet before. */
function serialOffset(bytes: Uint8Array, entry: number): number {
  const length = bytes[entry + 1] ?? 0
  return entry + 4 + (length < 0x80 ? 0 : length & 0x7f)
}

/**
 * FNV-1a of all but the last four bits, which follow as they are: serials are counted up, so that sixteen in a row fall on one
 * line of the cache, whatever their number is.
 */
function hash(bytes: Uint8Array, at: number, length: number): number {
  let value = 0x811c9dc5
  const last = at + length - 1
  for (let i = at; i < last; i++) value = Math.imul(value ^ (bytes[i] ?? 0), 0x01000193)
  const lowest = bytes[last] ?? 0
  value = Math.imul(value ^ (lowest >>> 4), 0x01000193)
  return ((value << 4) | (lowest & 0xf)) >>> 0
}
