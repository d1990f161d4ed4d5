import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  generalizedTime,
  octets,
  raw,
  sequence,
  taggedBytes,
  whole,
  type Asn1,
} from '../../test/pki/encode.ts'
import {
  extension,
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  NOW,
  type CrlOptions,
} from '../../test/pki/issue.ts'
import { withSomethingAfter } from '../../test/pki/something-after.ts'
import { sha256 } from '../kernel/digest.ts'
import { parseCertificate } from './certificate.ts'
import { crlStatus, parseCrl, verifyCrl, type CrlQuestion } from './crl.ts'
import { indexEntries } from './crl-entries.ts'
import { DerReader } from './der.ts'
import { der as element } from './der-writer.ts'
import { MalformedDer } from './errors.ts'

const authority = issueAuthority('signature')
const older = issueAuthority('signature', { generation: 2 })
const card = issueCertificate(authority)
const certificate = parseCertificate(card.der)
const policy = { maximumAge: 36 * 3_600_000, clockSkew: 60_000 }
const TRUE = Uint8Array.of(0xff)
const AGES = { nextUpdate: new Date('2050-01-01T00:00:00Z') }

function statusBy(options: CrlOptions, question: Partial<CrlQuestion> = {}, issuer = authority) {
  const verified = verifyCrl(issueCrl(authority, options), issuer.anchor)
  if (typeof verified === 'string') return verified
  const asked = { certificate, issuer: authority.anchor, at: NOW, freshness: policy, ...question }
  const status = crlStatus(verified, asked)
  return status.status === 'unknown' ? status.cause : status
}

test('a certificate that is not listed is good', () => {
  const others = [1, 2, 3, 300, 70_000].map((n) => ({
    serial: Uint8Array.of(1, n >> 16, n >> 8, n),
  }))
  expect(statusBy({})).toMatchObject({ status: 'good', source: 'crl' })
  expect(statusBy({ revoked: others })).toMatchObject({ status: 'good' })
  expect(statusBy({ town: null })).toMatchObject({ status: 'good' })
  expect(statusBy({ number: 0 })).toMatchObject({ status: 'good' })
  expect(statusBy(AGES)).toMatchObject({ status: 'good', ...AGES })
})

test.each([
  [undefined, 'revoked', 'unspecified'],
  [1, 'revoked', 'keyCompromise'],
  [3, 'revoked', 'affiliationChanged'],
  [4, 'revoked', 'superseded'],
  [5, 'revoked', 'cessationOfOperation'],
  [6, 'suspended', 'certificateHold'],
])('a listed certificate with reason %s is %s', (reason, status, name) => {
  const entry = { serial: card.serial, ...(reason === undefined ? {} : { reason }) }
  expect(statusBy({ revoked: [{ serial: Uint8Array.of(9) }, entry] })).toMatchObject({
    status,
    reason: name,
    revokedAt: hoursFromNow(-5),
  })
})

test.each<[string, CrlOptions, string]>([
  ['of another municipality', { town: 'Shibuya-ku' }, 'WRONG_SCOPE'],
  ['signed by an older generation', { signer: older.key }, 'BAD_SIGNATURE'],
  ['naming an older generation', { keyId: older.key.keyId }, 'WRONG_ISSUER'],
  ['naming no key', { keyId: null }, 'WRONG_ISSUER'],
  ['that has expired', { nextUpdate: hoursFromNow(-1) }, 'STALE'],
  ['older than the maximum age', { thisUpdate: hoursFromNow(-37) }, 'STALE'],
  ['from the future', { thisUpdate: hoursFromNow(1) }, 'NOT_YET_VALID'],
  ['without next update', { nextUpdate: null }, 'UNSUPPORTED'],
  ['without a number', { number: null }, 'UNSUPPORTED'],
  ['with a number below 0', { number: -1 }, 'UNSUPPORTED'],
  [
    'that ends after 2049 and was made too early',
    { ...AGES, thisUpdate: hoursFromNow(-37) },
    'STALE',
  ],
  ['of a version after 2', { version: 3 }, 'MALFORMED'],
  ['with another algorithm inside', { innerDigest: 'sha384' }, 'BAD_SIGNATURE'],
  ['for CA certificates', { pointFlags: [taggedBytes(2, TRUE)] }, 'UNSUPPORTED'],
  ['for attribute certificates', { pointFlags: [taggedBytes(5, TRUE)] }, 'UNSUPPORTED'],
  ['for some reasons', { pointFlags: [taggedBytes(3, Uint8Array.of(6, 0x40))] }, 'UNSUPPORTED'],
  ['that is indirect', { pointFlags: [taggedBytes(4, TRUE)] }, 'UNSUPPORTED'],
  ['that is a delta', { extra: [extension('2.5.29.27', true, whole(3))] }, 'UNSUPPORTED'],
  [
    'with an unknown critical extension',
    { extra: [extension('1.2.3', true, octets(TRUE))] },
    'UNSUPPORTED',
  ],
  [
    'with a critical extension in an entry',
    { revoked: [{ serial: Uint8Array.of(9), extra: extension('2.5.29.29', true, octets(TRUE)) }] },
    'UNSUPPORTED',
  ],
  [
    'that takes the certificate off itself',
    { revoked: [{ serial: certificate.serial, reason: 8 }] },
    'UNSUPPORTED',
  ],
  ['signed with SHA-1', { digest: 'sha1' }, 'UNSUPPORTED'],
  ['of version 1 with extensions', { version: 1 }, 'MALFORMED'],
  ['with an empty list', { emptyList: true }, 'MALFORMED'],
  ['with an undefined reason', { revoked: [{ serial: Uint8Array.of(9), reason: 7 }] }, 'MALFORMED'],
  [
    'with one serial twice',
    { revoked: [{ serial: card.serial, reason: 8 }, { serial: card.serial }] },
    'MALFORMED',
  ],
  ['with a default written down', { pointFlags: [taggedBytes(1, Uint8Array.of(0))] }, 'MALFORMED'],
  [
    'with a changed signature',
    { spoil: (s) => s.map((b, i) => (i === 3 ? b ^ 4 : b)) },
    'BAD_SIGNATURE',
  ],
])('a CRL %s says nothing', (_, options, cause) => {
  expect(statusBy(options)).toBe(cause)
})

const causedAt = extension('2.5.29.24', false, generalizedTime(hoursFromNow(-9)))
const REASON = '2.5.29.21'
test.each<[string, NonNullable<CrlOptions['revoked']>[number], object]>([
  [
    'without extensions and after 2049',
    { serial: card.serial, at: new Date('2050-01-01T00:00:00Z') },
    { reason: 'unspecified', revokedAt: new Date('2050-01-01T00:00:00Z') },
  ],
  [
    'with the date of its cause',
    { serial: card.serial, reason: 1, extra: causedAt },
    { reason: 'keyCompromise' },
  ],
  ['without a reason', { serial: card.serial, extra: causedAt }, { reason: 'unspecified' }],
  [
    'with a critical reason',
    { serial: card.serial, extra: extension(REASON, true, raw(Uint8Array.of(10, 1, 4))) },
    { reason: 'superseded' },
  ],
  [
    'of 128 octets and more',
    {
      serial: card.serial,
      reason: 5,
      extra: extension('1.2.3', false, octets(new Uint8Array(150))),
    },
    { reason: 'cessationOfOperation' },
  ],
  [
    'of 256 octets and more',
    {
      serial: card.serial,
      reason: 5,
      extra: extension('1.2.3', false, octets(new Uint8Array(300))),
    },
    { reason: 'cessationOfOperation' },
  ],
])('an entry %s is found among others', (_, entry, told) => {
  const others = [2, 3].map((n) => ({ ...entry, serial: Uint8Array.of(1, n) }))
  const [before, ...after] = others
  const revoked = [...(before === undefined ? [] : [before]), entry, ...after]
  expect(statusBy({ revoked })).toMatchObject({ status: 'revoked', ...told })
  expect(statusBy({ revoked: others })).toMatchObject({ status: 'good' })
  expect(statusBy({ revoked: [entry, { serial: card.serial }] })).toBe('MALFORMED')
})

test.each<[string, Uint8Array]>([
  ['of nothing', Uint8Array.of(0x30, 0)],
  ['of another type', Uint8Array.of(0x31, 3, 2, 1, 1)],
  ['without a date', Uint8Array.of(0x30, 3, 2, 1, 1)],
])('an entry %s makes the list malformed', (_, entry) => {
  expect(() => indexEntries(new DerReader(element(0x30, entry)).read())).toThrow(MalformedDer)
})

test('a CRL that is no bytes is a mistake of the caller, and no status', () => {
  expect(() => verifyCrl(undefined as never, authority.anchor)).toThrow(TypeError)
})

// RFC 5280 §5.1: every part of it ends where its last field does.
test('a CRL with something after the last element of any part is malformed', () => {
  const revoked = [
    { serial: Uint8Array.of(9), reason: 1 },
    { serial: card.serial, extra: causedAt },
  ]
  const list = issueCrl(authority, { revoked })
  expect(parseCrl(list).entries.count).toBe(2)
  const bent = withSomethingAfter(list)
  expect(bent.length).toBeGreaterThan(20)
  for (const one of bent) expect(() => parseCrl(one)).toThrow(MalformedDer)
})

test('a CRL for user certificates speaks of a person', () => {
  expect(statusBy({ pointFlags: [taggedBytes(1, TRUE)] })).toMatchObject({ status: 'good' })
})

test('a CRL of one issuer says nothing about certificates of another', () => {
  expect(statusBy({}, { issuer: older.anchor })).toBe('WRONG_ISSUER')
})

test('a CRL that a stranger made in another name with the key identifier of the issuer says nothing', () => {
  const { keyId } = authority.key
  const made = issueCrl(issueAuthority('authentication'), { keyId })
  expect(verifyCrl(made, authority.anchor)).toBe('WRONG_ISSUER')
})

test('a CRL for CA certificates without a point, and one without any scope', () => {
  const scope = (...flags: Asn1[]) => [extension('2.5.29.28', true, sequence(...flags))]
  const users = statusBy({ town: null, extra: scope(taggedBytes(1, TRUE)) })
  expect(users).toMatchObject({ status: 'good' })
  expect(statusBy({ town: null, extra: scope(taggedBytes(2, TRUE)) })).toBe('UNSUPPORTED')
})

test('a CRL with a lower number than one seen before is a replay', () => {
  expect(statusBy({ number: 7 }, { lowestNumber: 8n })).toBe('OLDER_THAN_KNOWN')
  expect(statusBy({ number: 7 }, { lowestNumber: 7n })).toMatchObject({ status: 'good' })
})

test('another name or key in the CRL is not the issuer', () => {
  expect(statusBy({}, {}, issueAuthority('authentication'))).toBe('WRONG_ISSUER')
})

test('a CRL is malformed with garbage after it, and cut short', () => {
  const der = issueCrl(authority)
  const longer = new Uint8Array([...der, 0])
  expect(verifyCrl(longer, authority.anchor)).toBe('MALFORMED')
  expect(verifyCrl(der.subarray(0, -1), authority.anchor)).toBe('MALFORMED')
})

describe('any input', () => {
  const der = issueCrl(authority, { revoked: [{ serial: card.serial, reason: 6 }] })

  test('is read or malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => parseCrl(bytes)).toThrow(MalformedDer)
      }),
    )
  })

  test('is not believed with one octet changed', () => {
    const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const bent = der.map((octet, i) => (i === at ? octet ^ mask : octet))
        expect(typeof verifyCrl(bent, authority.anchor)).toBe('string')
      }),
      { numRuns: 1000 },
    )
  })
})

test('every entry of a larger list is found, and no other', () => {
  const serial = (n: number): Uint8Array => Uint8Array.of(1, n >> 16, (n >> 8) & 255, n & 255)
  const revoked = Array.from({ length: 400 }, (_, n) => ({ serial: serial(n * 3), reason: 5 }))
  const { entries } = parseCrl(issueCrl(authority, { revoked }))
  expect(entries.count).toBe(400)
  for (let n = 0; n < 1200; n++) expect(entries.find(serial(n)) !== null).toBe(n % 3 === 0)
})

test('every entry is found where serials of all lengths meet in one place of the index, and no other', () => {
  const serialOf = (n: number): Uint8Array => {
    const octets = sha256(Uint8Array.of(n >> 8, n & 0xff)).slice(0, 3 + (n % 18))
    octets[0] = ((octets[0] ?? 0) & 0x7f) | 1
    return octets
  }
  const revoked = Array.from({ length: 600 }, (_, n) => ({ serial: serialOf(n), reason: 5 }))
  const { entries } = parseCrl(issueCrl(authority, { revoked }))
  expect(entries.count).toBe(600)
  for (let n = 0; n < 1200; n++) expect(entries.find(serialOf(n)) !== null).toBe(n < 600)
})
