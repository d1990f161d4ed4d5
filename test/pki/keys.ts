import { constants, createHash, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { derivedEcKey, derivedRsaKey } from './derived-key.ts'
import { bits, encode, oid, raw, sequence, tagged, whole, type Asn1 } from './encode.ts'

export interface TestKey {
  readonly privateKey: KeyObject
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** RFC 5280 §4.2.1.2 method (1): SHA-1 of the key bits. */
  readonly keyId: Uint8Array
}

const keys = new Map<string, TestKey>()

/** A key by name, the same in every run: `rsa-1024:x` and `e3:x` give weak ones, `p256:x` and `p384:x` EC, all others RSA-2048. */
export function testKey(label: string): TestKey {
  const known = keys.get(label)
  if (known !== undefined) return known
  const privateKey = privateKeyOf(label)
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
  const keyId = new Uint8Array(createHash('sha1').update(keyBits({ privateKey, spki })).digest())
  const key = { privateKey, spki, keyId }
  keys.set(label, key)
  return key
}

/** Contents of subjectPublicKey: what key identifiers are digests of. */
export function keyBits({ privateKey, spki }: Pick<TestKey, 'privateKey' | 'spki'>): Uint8Array {
  const publicKey = createPublicKey(privateKey)
  if (publicKey.asymmetricKeyType === 'rsa')
    return publicKey.export({ type: 'pkcs1', format: 'der' })
  // The point is what an SPKI of EC ends with.
  const { namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  return spki.subarray(namedCurve === 'secp384r1' ? -97 : -65)
}

function privateKeyOf(label: string): KeyObject {
  if (label.startsWith('p256')) return derivedEcKey(label, 'p256')
  if (label.startsWith('p384')) return derivedEcKey(label, 'p384')
  if (label.startsWith('rsa-1024')) return derivedRsaKey(label, 1024, 65537)
  return derivedRsaKey(label, 2048, label.startsWith('e3') ? 3 : 65537)
}

const RSA = {
  sha256: '1.2.840.113549.1.1.11',
  sha1: '1.2.840.113549.1.1.5',
  sha384: '1.2.840.113549.1.1.12',
} as const
const ECDSA = {
  sha256: '1.2.840.10045.4.3.2',
  sha1: '1.2.840.10045.4.1',
  sha384: '1.2.840.10045.4.3.3',
} as const
export type TestDigest = keyof typeof RSA

export function algorithm(digest: TestDigest, key?: TestKey): Asn1 {
  return key?.privateKey.asymmetricKeyType === 'ec'
    ? sequence(oid(ECDSA[digest]))
    : sequence(oid(RSA[digest]), raw(Uint8Array.of(5, 0)))
}

/** `SEQUENCE { tbs, algorithm, signature }`; `spoil` changes the signature after it was made. */
export function signed(
  tbs: Asn1,
  key: TestKey,
  digest: TestDigest = 'sha256',
  spoil?: (signature: Uint8Array) => Uint8Array,
): Asn1 {
  const made = new Uint8Array(sign(digest, encode(tbs), key.privateKey))
  return sequence(tbs, algorithm(digest, key), bits(spoil === undefined ? made : spoil(made)))
}

const SHA2 = { sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2' } as const

/** What may be odd about RSASSA-PSS-params. */
export interface PssOptions {
  readonly hash?: keyof typeof SHA2
  readonly maskHash?: keyof typeof SHA2
  readonly saltLength?: number
  readonly trailer?: number
  /** Fields left out, whose defaults are SHA-1, MGF1 with SHA-1 and 20. */
  readonly without?: readonly (0 | 1 | 2)[]
}

export function pssAlgorithm(options: PssOptions = {}): Asn1 {
  const { hash = 'sha256', maskHash = 'sha256', saltLength = 32, trailer, without = [] } = options
  const fields = [
    tagged(0, sequence(oid(SHA2[hash]), raw(Uint8Array.of(5, 0)))),
    tagged(1, sequence(oid('1.2.840.113549.1.1.8'), sequence(oid(SHA2[maskHash])))),
    tagged(2, whole(saltLength)),
    ...(trailer === undefined ? [] : [tagged(3, whole(trailer))]),
  ]
  const written = fields.filter((_, i) => !without.some((left) => left === i))
  return sequence(oid('1.2.840.113549.1.1.10'), sequence(...written))
}

/** The same as `signed` under RSASSA-PSS with SHA-256 and a salt of 32 octets, whatever the parameters say. */
export function signedWithPss(tbs: Asn1, key: TestKey, parameters: Asn1): Asn1 {
  const made = sign('sha256', encode(tbs), {
    key: key.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  })
  return sequence(tbs, parameters, bits(new Uint8Array(made)))
}
