import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { encode, oid, sequence, bits, raw, type Asn1 } from './encode.ts'

export interface TestKey {
  readonly privateKey: KeyObject
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** SHA-1 of the key bits. */
  readonly keyId: Uint8Array
}

const keys = new Map<string, TestKey>()

/** A key by name, made once per process: `rsa-1024:x` and `e3:x` give weak ones. */
export function testKey(label: string): TestKey {
  const known = keys.get(label)
  if (known !== undefined) return known
  const [modulusLength, publicExponent] = label.startsWith('rsa-1024')
    ? [1024, 65537]
    : label.startsWith('e3')
      ? [2048, 3]
      : [2048, 65537]
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'der' })
  const keyId = new Uint8Array(createHash('sha1').update(pkcs1).digest())
  const key = { privateKey, spki, keyId }
  keys.set(label, key)
  return key
}

const ALGORITHMS = {
  sha256: '1.2.840.113549.1.1.11',
  sha1: '1.2.840.113549.1.1.5',
  sha384: '1.2.840.113549.1.1.12',
} as const
export type TestDigest = keyof typeof ALGORITHMS

export function algorithm(digest: TestDigest): Asn1 {
  return sequence(oid(ALGORITHMS[digest]), raw(Uint8Array.of(5, 0)))
}

/** `SEQUENCE { tbs, algorithm, signature }`; `spoil` changes the signature after it was made. */
export function signed(
  tbs: Asn1,
  key: TestKey,
  digest: TestDigest = 'sha256',
  spoil?: (signature: Uint8Array) => Uint8Array,
): Asn1 {
  const made = new Uint8Array(sign(digest, encode(tbs), key.privateKey))
  return sequence(tbs, algorithm(digest), bits(spoil === undefined ? made : spoil(made)))
}
