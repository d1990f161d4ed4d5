import { TAG, DerReader, type DerElement } from './der.ts'
import { readInteger, readSmallInteger, readTime } from './der-values.ts'
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
  const offsets: number[] = []
  let unsupported = false
  const reader = new DerReader(list.contents, list.offset)
  do {
    const entry = reader.read(TAG.sequence)
    const { critical } = readEntry(entry)
    unsupported ||= critical
    offsets.push(entry.encoding.byteOffset - list.contents.byteOffset)
  } while (!reader.atEnd)
  const find = openAddressing(list, offsets)
  return { count: offsets.length, unsupported, find }
}

function readEntry(entry: DerElement): RevokedEntry & { critical: boolean } {
  const body = new DerReader(entry.contents, entry.offset)
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

/** Serial octets of the entry that starts at `offset` of the list; it was read before, so its form is known. */
function serialAt(list: Uint8Array, offset: number): Uint8Array {
  const length = list[offset + 1] ?? 0
  const integer = offset + 2 + (length < 0x80 ? 0 : length & 0x7f)
  return list.subarray(integer + 2, integer + 2 + (list[integer + 1] ?? 0))
}

/** Load at most 1/2, linear probing; offsets are stored plus one so that 0 means empty. */
function openAddressing(list: DerElement, offsets: readonly number[]): RevokedEntries['find'] {
  const size = 2 ** Math.ceil(Math.log2(offsets.length * 2))
  const table = new Uint32Array(size)
  const bytes = list.contents
  const slotOf = (serial: Uint8Array): number => {
    let slot = fnv1a(serial) & (size - 1)
    for (;;) {
      const stored = table[slot] ?? 0
      if (stored === 0 || Buffer.compare(serialAt(bytes, stored - 1), serial) === 0) return slot
      slot = (slot + 1) & (size - 1)
    }
  }
  for (const offset of offsets) {
    const slot = slotOf(serialAt(bytes, offset))
    if (table[slot] !== 0) throw new MalformedDer('each serial once', list.offset + offset)
    table[slot] = offset + 1
  }
  return (serial) => {
    const stored = table[slotOf(serial)] ?? 0
    if (stored === 0) return null
    const entry = new DerReader(bytes.subarray(stored - 1)).read(TAG.sequence)
    const { revokedAt, reason } = readEntry(entry)
    return { revokedAt, reason }
  }
}

function fnv1a(octets: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const octet of octets) hash = Math.imul(hash ^ octet, 0x01000193)
  return hash >>> 0
}
