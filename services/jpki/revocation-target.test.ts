import fc from 'fast-check'
import { expect, test } from 'vitest'
import { issueAuthority, issueCertificate } from '../../test/pki/issue.ts'
import { parseCertificate } from './certificate.ts'
import { MalformedDer } from './errors.ts'
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
    expect(crlName(target)).toEqual(crlName(certificate))
    expect(target.ocspUris).toEqual(certificate.ocspUris)
    expect(target.notBefore.at).toEqual(certificate.notBefore.at)
  },
)

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
])('the serial %j is written %s', (octets, text) => {
  expect(serialText(Uint8Array.from(octets))).toBe(text)
})
