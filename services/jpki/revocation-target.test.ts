import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Asn1 } from '../../test/pki/encode.ts'
import { issueAuthority, issueCertificate } from '../../test/pki/issue.ts'
import { distributionPoints, general, issue } from '../../test/pki/issue-path.ts'
import { parseCertificate } from './certificate.ts'
import { MalformedDer } from './errors.ts'
import { lengthPrefixed } from '../kernel/bytes.ts'
import { InvalidInput } from '../kernel/errors.ts'
import {
  crlName,
  decodeRevocationTarget,
  encodeRevocationTarget,
  serialText,
} from './revocation-target.ts'

test.each(['signature', 'authentication'] as const)(
  'a %s certificate can be asked about later',
  (kind) => {
    const certificate = parseCertificate(issueCertificate(issueAuthority(kind)).der)
    const target = decodeRevocationTarget(encodeRevocationTarget(certificate))
    expect(target.serial).toEqual(certificate.serial)
    expect(target.issuer.encoding).toEqual(certificate.issuer.encoding)
    expect(crlName(certificate)).not.toBeNull()
    expect(crlName(target)).toEqual(crlName(certificate))
    expect(target.ocspUris).toEqual(certificate.ocspUris)
    expect(target.notBefore.at).toEqual(certificate.notBefore.at)
  },
)

test('a target is kept to its last octet, and refused when it is cut short', () => {
  const certificate = parseCertificate(issueCertificate(issueAuthority('authentication')).der)
  const kept = (...ocspUris: readonly string[]) =>
    encodeRevocationTarget({ ...certificate, ocspUris })
  for (const uris of [[], ['http://ocsp.test'], ['http://ocsp.test', '']]) {
    expect(decodeRevocationTarget(kept(...uris)).ocspUris).toEqual(uris)
  }
  const whole = kept('http://ocsp.test')
  expect(() => decodeRevocationTarget(whole.subarray(0, -1))).toThrow(InvalidInput)
})

test('a target with something after a name is malformed', () => {
  const certificate = parseCertificate(issueCertificate(issueAuthority('signature')).der)
  const { serial, issuer, notBefore } = certificate
  const kept = (...after: readonly number[]) =>
    lengthPrefixed(
      serial,
      Uint8Array.of(...issuer.encoding, ...after),
      new Uint8Array(),
      notBefore.at.toISOString(),
    )
  expect(decodeRevocationTarget(kept()).issuer.encoding).toEqual(issuer.encoding)
  expect(() => decodeRevocationTarget(kept(0))).toThrow(MalformedDer)
})

test('a target without a time that exists is refused', () => {
  const certificate = parseCertificate(issueCertificate(issueAuthority('signature')).der)
  const kept = Buffer.from(encodeRevocationTarget(certificate))
  const at = kept.indexOf('2025-10-27')
  kept.write('2025-13-27', at)
  expect(() => decodeRevocationTarget(kept)).toThrow(InvalidInput)
})

test('any bytes are a target or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodeRevocationTarget(bytes)
      } catch (error) {
        expect(error instanceof InvalidInput || error instanceof MalformedDer).toBe(true)
      }
    }),
  )
})

test.each([
  [[0x12, 0x34], '1234'],
  [[0, 0x81], '81'],
  [[0x01], '1'],
  [[0], '0'],
  [[0x12, 0, 0x34, 0], '12003400'],
])('the serial %j is written %s', (octets, text) => {
  expect(serialText(Uint8Array.from(octets))).toBe(text)
})

test('a certificate without one directory name for its list is asked about without a list', () => {
  const named = [general.directory([['CN', 'a']])]
  const pointsOf = (...extensions: readonly Asn1[]) =>
    parseCertificate(issue('Target', { extensions }).der)
  const [bare, byUri, several] = [
    pointsOf(),
    pointsOf(distributionPoints({ name: [general.uri('http://crl.test')] })),
    pointsOf(distributionPoints({ name: named }, { name: named })),
  ]
  for (const certificate of [bare, byUri, several]) {
    expect(crlName(certificate)).toBeNull()
    const target = decodeRevocationTarget(encodeRevocationTarget(certificate))
    expect(target.crlDistributionPoints).toEqual([])
    expect(target.serial).toEqual(certificate.serial)
  }
})

test.each([
  ['nothing', new Uint8Array()],
  ['a length without its end', Uint8Array.of(0, 0, 0)],
  ['a field without its end', Uint8Array.of(0, 0, 0, 2, 1)],
  ['too few fields', lengthPrefixed('a', 'b', 'c')],
])('%s is no target', (_, bytes) => {
  expect(() => decodeRevocationTarget(bytes)).toThrow(InvalidInput)
})
