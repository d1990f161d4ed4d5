import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import {
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  MESSAGE,
  NOW,
  type CertificateOptions,
  type TestAuthority,
} from '../../test/pki/issue.ts'
import { testKey, type TestDigest } from '../../test/pki/keys.ts'
import { parseCertificate } from './certificate.ts'
import { jpkiStatus } from './jpki-status.ts'
import { verifyApplication } from './verify-application.ts'

// What the simulated next card has: ECDSA on P-384 with SHA-384 throughout. Nothing of it is public for real cards.

const P384 = { keyLabel: 'p384:holder', outerDigest: 'sha384' } as const
const ec = issueAuthority('signature', { keyLabel: 'p384:authority' })
const rsa = issueAuthority('signature')

function verdictOf(
  authority: TestAuthority,
  options: CertificateOptions,
  signed: { readonly with?: string; readonly digest?: TestDigest } = {},
): unknown {
  const { environment } = authority
  const card = issueCertificate(authority, options)
  const key = signed.with === undefined ? card.key : testKey(signed.with)
  const signature = new Uint8Array(sign(signed.digest ?? 'sha384', MESSAGE, key.privateKey))
  const { verdict } = verifyApplication(
    { certificate: card.der, message: MESSAGE, signature },
    { anchors: [rsa.anchor, authority.anchor], environment, kind: 'signature', at: NOW },
  )
  return [verdict.indication, verdict.sub, verdict.checks.at(-1)?.id]
}

const PROFILE = ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'certificate-profile']
const SIGNATURE = ['FAILED', 'SIG_CRYPTO_FAILURE', 'application-signature']

describe('a card with an EC key', () => {
  test('passes in the simulator, beside one with an RSA key', () => {
    expect(verdictOf(ec, P384)).toEqual(['PASSED', null, 'application-signature'])
    expect(verdictOf(rsa, {}, { digest: 'sha256' })).toEqual([
      'PASSED',
      null,
      'application-signature',
    ])
  })

  test.each<TrustEnvironment>(['production', 'jpki-test'])(
    'is refused in %s, whoever vouches for it',
    (environment) => {
      const real = issueAuthority('signature', { environment, keyLabel: 'p384:authority' })
      expect(verdictOf(real, P384)).toEqual(PROFILE)
    },
  )

  test.each<[string, TestAuthority, CertificateOptions]>([
    ['on P-256', ec, { ...P384, keyLabel: 'p256:holder' }],
    ['certified with SHA-256', ec, { ...P384, outerDigest: 'sha256' }],
    ['certified by an RSA key', rsa, { keyLabel: 'p384:holder' }],
    ['which is RSA, certified by an EC key', ec, { outerDigest: 'sha384' }],
  ])('%s is not of the profile', (_, authority, options) => {
    expect(verdictOf(authority, options)).toEqual(PROFILE)
  })

  test.each<[string, Parameters<typeof verdictOf>[2]]>([
    ['an RSA key', { with: 'rsa:another', digest: 'sha256' }],
    ['an RSA key and SHA-384', { with: 'rsa:another' }],
    ['the key and SHA-256', { digest: 'sha256' }],
    ['another key on P-384', { with: 'p384:another' }],
    ['a key on P-256', { with: 'p256:another' }],
  ])('does not pass with a signature by %s', (_, signed) => {
    expect(verdictOf(ec, P384, signed)).toEqual(SIGNATURE)
  })
})

describe('its status', () => {
  const card = issueCertificate(ec, P384)
  const status = (sources: { readonly crls?: Uint8Array[]; readonly ocsp?: Uint8Array[] }) =>
    jpkiStatus({
      certificate: parseCertificate(card.der),
      issuer: ec.anchor,
      at: NOW,
      maximumAgeDays: 1,
      crls: sources.crls ?? [],
      ocsp: sources.ocsp ?? [],
    })
  const revoked = [{ serial: card.serial, reason: 5 }]

  test('is told by lists and answers under the EC key', () => {
    expect(status({ crls: [issueCrl(ec)] })).toMatchObject({ status: 'good' })
    expect(status({ crls: [issueCrl(ec, { revoked })] })).toMatchObject({ status: 'revoked' })
    expect(status({ ocsp: [issueOcspResponse(ec, {})] })).toMatchObject({ status: 'good' })
  })

  test('is told by none under another key of the family, RSA or EC', () => {
    const other = testKey('p384:another')
    for (const signer of [rsa.key, other]) {
      expect(status({ crls: [issueCrl(ec, { signer })] })).toMatchObject({
        status: 'unknown',
        cause: 'BAD_SIGNATURE',
      })
    }
    expect(status({ crls: [issueCrl(rsa)] })).toMatchObject({ cause: 'WRONG_ISSUER' })
  })
})
