import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bits, encode, integer, oid, raw, sequence, type Asn1 } from '../../test/pki/encode.ts'
import { DerReader } from './der.ts'
import { readAlgorithm } from './der-values.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import { digestAlgorithm, signatureAlgorithm, verifySignature } from './signature.ts'

function importFrom(spki: Uint8Array): PublicKey {
  return importPublicKey(new DerReader(spki).read(0x30))
}

function ecSpki(namedCurve: string): Uint8Array {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve })
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

test.each([
  ['prime256v1', 256],
  ['secp384r1', 384],
])('a key on %s is taken', (curve, size) => {
  expect(importFrom(ecSpki(curve))).toMatchObject({ type: 'ec', bits: size })
})

const NULL = raw(Uint8Array.of(5, 0))
const RSA = oid('1.2.840.113549.1.1.1')
const EC = oid('1.2.840.10045.2.1')
const P256 = oid('1.2.840.10045.3.1.7')
const spki = (algorithm: Asn1, key: Uint8Array): Uint8Array =>
  encode(sequence(algorithm, bits(key)))
const rsaKey = (n: Uint8Array, e: Uint8Array): Uint8Array =>
  encode(sequence(integer(n), integer(e)))
const modulus = new Uint8Array(128).fill(0xff)

test.each<[string, Uint8Array]>([
  ['on secp256k1', ecSpki('secp256k1')],
  ['on P-521', ecSpki('secp521r1')],
  [
    'on Ed25519',
    new Uint8Array(
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }),
    ),
  ],
  [
    'with a compressed point',
    spki(sequence(EC, P256), Uint8Array.of(2, ...new Uint8Array(32).fill(1))),
  ],
  [
    'with a point off the curve',
    spki(sequence(EC, P256), Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
  ],
  ['with a short point', spki(sequence(EC, P256), Uint8Array.of(4, ...new Uint8Array(63)))],
  [
    'with explicit curve parameters',
    spki(sequence(EC, sequence(oid('1.2.3'))), new Uint8Array(65)),
  ],
  ['of RSA without NULL', spki(sequence(RSA), rsaKey(Uint8Array.of(1), Uint8Array.of(3)))],
  [
    'of RSA with a small modulus',
    spki(sequence(RSA, NULL), rsaKey(Uint8Array.of(0x7f), Uint8Array.of(1, 0, 1))),
  ],
  [
    'of RSA with a negative modulus',
    spki(
      sequence(RSA, NULL),
      rsaKey(Uint8Array.of(0x80, ...modulus, ...modulus), Uint8Array.of(1, 0, 1)),
    ),
  ],
  [
    'of RSA with an even modulus',
    spki(
      sequence(RSA, NULL),
      rsaKey(Uint8Array.of(0, ...modulus, ...modulus.with(127, 0xfe)), Uint8Array.of(1, 0, 1)),
    ),
  ],
  [
    'of RSA with an even exponent',
    spki(
      sequence(RSA, NULL),
      rsaKey(Uint8Array.of(0, ...modulus, ...modulus), Uint8Array.of(1, 0, 2)),
    ),
  ],
])('a key %s is not allowed', (_, bytes) => {
  expect(() => importFrom(bytes)).toThrow(AlgorithmNotAllowed)
})

test('any key bytes are a key or a typed error', () => {
  const algorithm = fc.constantFrom(sequence(RSA, NULL), sequence(EC, P256))
  fc.assert(
    fc.property(algorithm, fc.uint8Array({ maxLength: 80 }), (id, key) => {
      try {
        importFrom(spki(id, key))
      } catch (error) {
        expect(error instanceof AlgorithmNotAllowed || error instanceof MalformedDer).toBe(true)
      }
    }),
  )
})

test.each([
  ['RSA without parameters', sequence(oid('1.2.840.113549.1.1.11'))],
  ['ECDSA with NULL', sequence(oid('1.2.840.10045.4.3.2'), NULL)],
  ['SHA-1', sequence(oid('1.2.840.113549.1.1.5'), NULL)],
  ['ECDSA with SHA-1', sequence(oid('1.2.840.10045.4.1'))],
  ['PSS with parameters of another type', sequence(oid('1.2.840.113549.1.1.10'), NULL)],
  ['PSS without parameters', sequence(oid('1.2.840.113549.1.1.10'))],
])('a signature algorithm %s is not allowed', (_, id) => {
  expect(() => signatureAlgorithm(readAlgorithm(new DerReader(encode(id))))).toThrow(
    AlgorithmNotAllowed,
  )
})

test('a digest has no parameters but NULL', () => {
  const read = (...parameters: Parameters<typeof sequence>) =>
    digestAlgorithm(
      readAlgorithm(new DerReader(encode(sequence(oid('2.16.840.1.101.3.4.2.1'), ...parameters)))),
    ).digest
  expect(read()).toBe('sha256')
  expect(read(NULL)).toBe('sha256')
  expect(() => read(sequence())).toThrow(AlgorithmNotAllowed)
})

test('a signature of another kind of key does not verify', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = importFrom(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
  const message = Uint8Array.of(1)
  const signature = sign('sha256', message, privateKey)
  expect(verifySignature(key, { keyType: 'ec', digest: 'sha256' }, message, signature)).toBe(true)
  expect(verifySignature(key, { keyType: 'rsa', digest: 'sha256' }, message, signature)).toBe(false)
})
