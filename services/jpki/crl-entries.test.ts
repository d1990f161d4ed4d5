import { expect, test } from 'vitest'
import { encode, integer, octets, raw, sequence, time } from '../../test/pki/encode.ts'
import { extension, NOW } from '../../test/pki/issue.ts'
import { toHex } from '../kernel/bytes.ts'
import { indexEntries, readReason, type RevokedEntries } from './crl-entries.ts'
import { DerElement, DerReader, TAG } from './der.ts'
import { readInteger, readTime } from './der-values.ts'
import { der } from './der-writer.ts'
import { MalformedDer } from './errors.ts'
import { readExtensions, readExtensionValue } from './extensions.ts'
import { EXTENSION } from './oids.ts'

function entry(serial: readonly number[], reason?: number): Uint8Array {
  const code = (octet: number) =>
    extension(EXTENSION.reasonCode, false, raw(Uint8Array.of(TAG.enumerated, 1, octet)))
  return encode(
    sequence(
      integer(Uint8Array.from(serial)),
      time(NOW),
      ...(reason === undefined ? [] : [sequence(code(reason))]),
    ),
  )
}

/** After the list comes an AlgorithmIdentifier of 10 octets, as in a CRL without extensions that is signed with ECDSA. */
function index(...entries: readonly Uint8Array[]): RevokedEntries {
  const bytes = Uint8Array.of(...der(TAG.sequence, ...entries), TAG.sequence, 10)
  return indexEntries(new DerReader(bytes).read())
}

/** What an entry says, read one element after another. */
function readPlainly(encoding: Uint8Array) {
  const outer = new DerReader(encoding)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const serial = readInteger(body)
  const revokedAt = readTime(body).at
  const extensions = body.atEnd ? [] : readExtensions(body)
  const code = extensions.find(({ oid }) => oid === EXTENSION.reasonCode)
  const reason = code === undefined ? 'unspecified' : readExtensionValue(code, readReason)
  return { serial, told: { revokedAt, reason } }
}

function orMalformed<T>(read: () => T): T | 'malformed' {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedDer) return 'malformed'
    throw error
  }
}

// The short way through the usual shape takes nothing that the long way would refuse, and reads it alike.
test.each([
  ['with a reason', entry([0x12, 0x34, 0x56], 1)],
  ['without a reason', entry([0x12, 0x34, 0x56])],
  ['with a serial that begins like a negative one but for its first octet', entry([0x12, 0xb4])],
  ['with a serial that ends like the length of a time', entry([0x12, 13])],
  ['with a serial of no octets', entry([])],
  ['with a serial of 20 octets', entry(Array<number>(20).fill(0x55), 6)],
  ['with a serial of 65 octets', entry(Array<number>(65).fill(0x55))],
])('an entry %s, or with one octet changed, says what its DER says or is malformed', (_, usual) => {
  for (let at = 0; at < usual.length; at++) {
    const own = usual[at] ?? 0
    const flipped = Array.from({ length: 8 }, (_, bit) => own ^ (1 << bit))
    for (const octet of [own, ...flipped, 0, 7, 10, 11, 0x7f, 0xff]) {
      const bent = usual.with(at, octet)
      const plain = orMalformed(() => readPlainly(bent))
      const found = orMalformed(() => {
        const entries = index(entry([7]), bent)
        return plain === 'malformed' ? 'taken' : entries.find(plain.serial)
      })
      expect({ bent: toHex(bent), found }).toEqual({
        bent: toHex(bent),
        found: plain === 'malformed' ? plain : plain.told,
      })
    }
  }
})

test('an entry that goes on after the end of its list is malformed', () => {
  const { bytes, tag, start, offset, end } = new DerReader(
    der(TAG.sequence, entry([9]), entry([7], 1)),
  ).read()
  const until = (last: number) => () =>
    indexEntries(new DerElement(bytes, tag, start, offset, last))
  expect(until(end)().count).toBe(2)
  for (const missing of [1, 14, 20]) expect(until(end - missing)).toThrow(MalformedDer)
  // An entry that ends with its list, in the middle of its reason.
  const last = end - entry([7], 1).length
  bytes[last + 1] = entry([7], 1).length - 4
  expect(until(end - 2)).toThrow(MalformedDer)
})

test('a serial that is no INTEGER is malformed, whatever the length of the list before it', () => {
  const others = Array.from({ length: 40 }, (_, n) => entry([1, n]))
  for (let count = 0; count <= others.length; count++) {
    const among = (tag: number) => () => index(entry([7]).with(2, tag), ...others.slice(0, count))
    expect(among(TAG.integer)().count).toBe(count + 1)
    expect(among(TAG.enumerated)).toThrow(MalformedDer)
  }
})

test('a serial that begins like a revoked one, or is the beginning of one, is another', () => {
  for (let first = 1; first < 0x80; first++) {
    const revoked = index(entry([first, 0x34]))
    expect(revoked.find(Uint8Array.of(first, 0x34))).not.toBeNull()
    expect(revoked.find(Uint8Array.of(first))).toBeNull()
    expect(revoked.find(Uint8Array.of(first, 0x34, 0x56))).toBeNull()
    expect(index(entry([first, 0x34]), entry([first])).count).toBe(2)
  }
})

test('an unknown critical extension counts wherever it stands in an entry', () => {
  const withExtensions = (...critical: readonly boolean[]) =>
    encode(
      sequence(
        integer(Uint8Array.of(9)),
        time(NOW),
        sequence(...critical.map((one, i) => extension(`1.2.${i}`, one, octets(Uint8Array.of(1))))),
      ),
    )
  expect(index(withExtensions(false, false)).unsupported).toBe(false)
  expect(index(withExtensions(true, false)).unsupported).toBe(true)
  expect(index(withExtensions(false, true)).unsupported).toBe(true)
  expect(index(withExtensions(true), entry([7])).unsupported).toBe(true)
})
