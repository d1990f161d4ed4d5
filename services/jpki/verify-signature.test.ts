import { sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOW } from '../../test/pki/issue.ts'
import { testKey } from '../../test/pki/keys.ts'
import { STRICT_ALGORITHMS, VECTOR_ALGORITHMS } from './algorithm-policy.ts'
import { verifySignatureAlone, type SignatureRequest } from './verify-signature.ts'

const message = Buffer.from('a message')
const rsa = testKey('rsa')
const p256 = testKey('p256:signature')
const p384 = testKey('p384:signature')
const pss = { key: rsa.privateKey, padding: 6, saltLength: 32 }

function request(more: Partial<SignatureRequest> = {}): SignatureRequest {
  return {
    ...{
      spki: p256.spki,
      algorithm: 'ES256',
      message,
      signature: sign('sha256', message, p256.privateKey),
    },
    ...{ encoding: 'der', algorithms: STRICT_ALGORITHMS, at: NOW },
    ...more,
  }
}

function outcomeOf(more: Partial<SignatureRequest>): string {
  const { indication, sub } = verifySignatureAlone(request(more))
  return sub ?? indication
}

const rsaSignature = { spki: rsa.spki, signature: sign('sha256', message, rsa.privateKey) }
const sideBySide = (key: typeof p256, digest: string) =>
  sign(digest, message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })

describe('a signature', () => {
  test.each([
    'RS256',
    'sha256WithRSAEncryption',
    'SHA256withRSA',
    '1.2.840.113549.1.1.11',
    'SHA-256',
    'sha256',
  ])('of RSA by the name %s', (algorithm) => {
    expect(outcomeOf({ ...rsaSignature, algorithm })).toBe('PASSED')
  })

  test.each(['ES256', 'ecdsa-with-SHA256', 'SHA256withECDSA', '1.2.840.10045.4.3.2', 'SHA-256'])(
    'of ECDSA by the name %s',
    (algorithm) => {
      expect(outcomeOf({ algorithm })).toBe('PASSED')
    },
  )

  test.each<[string, Partial<SignatureRequest>, string]>([
    [
      'of PSS',
      { spki: rsa.spki, algorithm: 'PS256', signature: sign('sha256', message, pss) },
      'PASSED',
    ],
    [
      'of PSS that is said to be PKCS#1',
      { spki: rsa.spki, algorithm: 'RS256', signature: sign('sha256', message, pss) },
      'SIG_CRYPTO_FAILURE',
    ],
    ['over another message', { message: Buffer.from('another') }, 'SIG_CRYPTO_FAILURE'],
    ['of another kind of key', { algorithm: 'RS256' }, 'SIG_CRYPTO_FAILURE'],
    ['side by side', { signature: sideBySide(p256, 'sha256'), encoding: 'p1363' }, 'PASSED'],
    [
      'side by side, P-384',
      {
        spki: p384.spki,
        algorithm: 'ES384',
        signature: sideBySide(p384, 'sha384'),
        encoding: 'p1363',
      },
      'PASSED',
    ],
    [
      'side by side, where DER is said',
      { signature: sideBySide(p256, 'sha256') },
      'SIG_CRYPTO_FAILURE',
    ],
    ['in DER, where side by side is said', { encoding: 'p1363' }, 'SIG_CRYPTO_FAILURE'],
    [
      'side by side, one octet more',
      { signature: Uint8Array.of(...sideBySide(p256, 'sha256'), 0), encoding: 'p1363' },
      'SIG_CRYPTO_FAILURE',
    ],
    ['of zeros', { signature: new Uint8Array(64), encoding: 'p1363' }, 'SIG_CRYPTO_FAILURE'],
    ['of no octets', { signature: new Uint8Array(), encoding: 'p1363' }, 'SIG_CRYPTO_FAILURE'],
    ['by an algorithm that is not known', { algorithm: 'md5' }, 'CRYPTO_CONSTRAINTS_FAILURE'],
    ['by a name of every object', { algorithm: 'constructor' }, 'CRYPTO_CONSTRAINTS_FAILURE'],
    ['with SHA-1', { algorithm: 'SHA-1' }, 'CRYPTO_CONSTRAINTS_FAILURE'],
    [
      'with SHA-1 of a test file',
      {
        algorithm: 'SHA-1',
        algorithms: VECTOR_ALGORITHMS,
        signature: sign('sha1', message, p256.privateKey),
      },
      'PASSED',
    ],
    ['of a key of 1024 bits', { spki: testKey('rsa-1024:s').spki }, 'CRYPTO_CONSTRAINTS_FAILURE'],
    ['of a key that is none', { spki: Uint8Array.of(0x30, 0) }, 'FORMAT_FAILURE'],
    ['of a key with one octet more', { spki: Uint8Array.of(...p256.spki, 0) }, 'FORMAT_FAILURE'],
  ])('%s', (_, more, outcome) => {
    expect(outcomeOf(more)).toBe(outcome)
  })

  test('of any bytes gets a verdict', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    const encoding = fc.constantFrom('der' as const, 'p1363' as const)
    fc.assert(
      fc.property(bytes, bytes, fc.string(), encoding, (spki, signature, algorithm, form) => {
        expect(outcomeOf({ spki })).not.toBe('PASSED')
        expect(outcomeOf({ signature, encoding: form })).not.toBe('PASSED')
        expect(outcomeOf({ algorithm, message: signature })).not.toBe('PASSED')
      }),
    )
  })
})
