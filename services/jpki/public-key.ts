import {
  constants,
  createPublicKey,
  verify,
  type KeyObject,
  type PublicKeyInput,
} from 'node:crypto'
import { digestOnce } from '../kernel/digest.ts'
import { STRICT_ALGORITHMS, type AlgorithmPolicy } from './algorithm-policy.ts'
import { DerElement, DerReader, TAG, inside } from './der.ts'
import { oidText, readAlgorithm, readInteger, readOctetAlignedBits } from './der-values.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'

/** A public key of an allowed kind. */
export class PublicKey {
  readonly type: 'rsa' | 'ec'
  /** RSA modulus or EC field size in bits. */
  readonly bits: number
  /** RSA public exponent; 0 for EC. */
  readonly exponent: number
  /** Contents of subjectPublicKey without the unused-bits octet: what key identifiers are digests of. */
  readonly keyBits: Uint8Array
  readonly #encoded: PublicKeyInput
  #digests: Map<string, Uint8Array> | undefined
  #uses = 0
  #imported: KeyObject | undefined

  /** @param encoded an RSA key that was checked, or an EC key, whose point is checked here by importing it */
  constructor(
    type: 'rsa' | 'ec',
    bits: number,
    exponent: number,
    keyBits: Uint8Array,
    encoded: PublicKeyInput,
  ) {
    this.type = type
    this.bits = bits
    this.exponent = exponent
    this.keyBits = keyBits
    this.#encoded = encoded
    if (type === 'ec') this.#imported = importKey(encoded)
  }

  /** Digest of `keyBits`, by which OCSP names an issuer or a responder (RFC 6960 §4.1.1, §4.2.1). */
  digest(algorithm: string): Uint8Array {
    this.#digests ??= new Map()
    return digestOnce(this.#digests, algorithm, this.keyBits)
  }

  /**
   * Whether `signature` is the holder's over `message`. A key that verifies once, as a card's does, goes to OpenSSL as
   * it is encoded, which costs less than an object for it; one that is used again is kept.
   */
  verifies(digest: string, message: Uint8Array, signature: Uint8Array): boolean {
    const key = this.#forMoreUses()
    return key === undefined
      ? withoutStackTraces(() => verify(digest, message, this.#encoded, signature))
      : verify(digest, message, key, signature)
  }

  /** The same under RSASSA-PSS (RFC 8017 §8.1.2), whose salt has `saltLength` octets. */
  verifiesPss(
    digest: string,
    saltLength: number,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    const key = this.#forMoreUses()
    return withoutStackTraces(() =>
      key === undefined
        ? verify(digest, message, { ...this.#encoded, ...pss }, signature)
        : verify(digest, message, { key, ...pss }, signature),
    )
  }

  /** The key object from the second use on. */
  #forMoreUses(): KeyObject | undefined {
    this.#uses += 1
    if (this.#uses > 1) this.#imported ??= importKey(this.#encoded)
    return this.#imported
  }
}

/**
 * SubjectPublicKeyInfo where it stands in a certificate, with the key that was imported from it: the same certificate is met
 * under several paths, and importing a key of EC costs as much as a verification with RSA.
 */
export class SubjectPublicKeyInfo extends DerElement {
  #algorithms: AlgorithmPolicy | undefined
  #key: PublicKey | null = null

  /** The next element of a certificate. */
  static read(reader: DerReader): SubjectPublicKeyInfo {
    const start = reader.position
    const offset = reader.advance(TAG.sequence)
    return new SubjectPublicKeyInfo(reader.bytes, TAG.sequence, start, offset, reader.position)
  }

  /** The key; null when it is not of an allowed kind. */
  keyUnder(algorithms: AlgorithmPolicy): PublicKey | null {
    if (this.#algorithms !== algorithms) {
      this.#key = importOrNull(this, algorithms)
      this.#algorithms = algorithms
    }
    return this.#key
  }
}

function importOrNull(spki: DerElement, algorithms: AlgorithmPolicy): PublicKey | null {
  try {
    return importPublicKey(spki, algorithms)
  } catch (error) {
    if (error instanceof AlgorithmNotAllowed || error instanceof MalformedDer) return null
    throw error
  }
}

export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const CURVES: Readonly<Record<string, number>> = { '1.2.840.10045.3.1.7': 256, '1.3.132.0.34': 384 }

/**
 * Imports a SubjectPublicKeyInfo after checking what OpenSSL would not: RSA up to 4096 bits with odd n, an odd e of 65537
 * or more and NULL parameters; EC uncompressed on the named curves P-256 and P-384. Else `AlgorithmNotAllowed`.
 */
export function importPublicKey(
  spki: DerElement,
  policy: AlgorithmPolicy = STRICT_ALGORITHMS,
): PublicKey {
  const body = inside(spki)
  const algorithm = readAlgorithm(body)
  const keyBits = readOctetAlignedBits(body)
  body.finish()
  if (algorithm.oid === RSA_ENCRYPTION) {
    if (!isNull(algorithm.parameters)) throw new AlgorithmNotAllowed('RSA parameters NULL')
    return importRsa(keyBits, policy)
  }
  if (algorithm.oid === EC_PUBLIC_KEY && algorithm.parameters?.tag === TAG.oid) {
    return importEc(spki, oidText(algorithm.parameters), keyBits)
  }
  throw new AlgorithmNotAllowed('an RSA key, or an EC key on a named curve')
}

export function isNull(element: DerElement | null): boolean {
  return element?.tag === TAG.null && element.length === 0
}

function importRsa(
  keyBits: Uint8Array,
  { rsaMinimumBits, rsaMinimumExponent }: AlgorithmPolicy,
): PublicKey {
  const outer = new DerReader(keyBits)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const modulus = readInteger(body, 1025)
  const exponentOctets = readInteger(body, 5)
  body.finish()
  const bits = bitLength(modulus)
  let exponent = 0
  for (const octet of exponentOctets) exponent = exponent * 256 + octet
  if (!isPositiveOdd(modulus) || bits < rsaMinimumBits || bits > 4096) {
    throw new AlgorithmNotAllowed(`an RSA modulus of ${rsaMinimumBits} to 4096 bits`)
  }
  if (!isPositiveOdd(exponentOctets) || exponent < rsaMinimumExponent) {
    throw new AlgorithmNotAllowed(`an odd RSA exponent of at least ${rsaMinimumExponent}`)
  }
  return new PublicKey('rsa', bits, exponent, keyBits, encodedKey('pkcs1', keyBits))
}

function isPositiveOdd(integer: Uint8Array): boolean {
  return (integer[0] ?? 0x80) < 0x80 && ((integer[integer.length - 1] ?? 0) & 1) === 1
}

function bitLength(integer: Uint8Array): number {
  const padding = integer[0] === 0 ? 1 : 0
  return 8 * (integer.length - padding) - Math.clz32(integer[padding] ?? 0) + 24
}

function importEc(spki: DerElement, curve: string, keyBits: Uint8Array): PublicKey {
  const bits = CURVES[curve]
  if (bits === undefined) throw new AlgorithmNotAllowed('the curve P-256 or P-384')
  if (keyBits[0] !== 4 || keyBits.length !== 1 + bits / 4) {
    throw new AlgorithmNotAllowed('an uncompressed EC point')
  }
  return new PublicKey('ec', bits, 0, keyBits, encodedKey('spki', spki.encoding))
}

/**
 * The form that is cheapest to import on Node 24: DER spares OpenSSL the reading of text, and a string spares Node the question
 * whether it is a key object; see the bench.
 */
function encodedKey(type: 'pkcs1' | 'spki', der: Uint8Array): PublicKeyInput {
  const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1')
  return { key, format: 'der', type, encoding: 'latin1' }
}

function importKey(encoded: PublicKeyInput): KeyObject {
  try {
    return withoutStackTraces(() => createPublicKey(encoded))
  } catch (cause) {
    throw new AlgorithmNotAllowed('a public key that can be imported', { cause })
  }
}

/**
 * Node 24 asks whether what it is given is a key object by throwing and catching errors; collecting the stack for them costs as
 * much as a signature check.
 */
function withoutStackTraces<T>(work: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = limit
  }
}
