import { createPublicKey, type KeyObject } from 'node:crypto'
import { TAG, DerReader, inside, type DerElement } from './der.ts'
import { oidText, readAlgorithm, readInteger, readOctetAlignedBits } from './der-values.ts'
import { AlgorithmNotAllowed } from './errors.ts'

/** A public key of an allowed kind, imported once. */
export interface PublicKey {
  readonly type: 'rsa' | 'ec'
  /** RSA modulus or EC field size in bits. */
  readonly bits: number
  /** RSA public exponent; 0 for EC. */
  readonly exponent: number
  /** Contents of subjectPublicKey without the unused-bits octet: what key identifiers are digests of. */
  readonly keyBits: Uint8Array
  readonly keyObject: KeyObject
}

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const CURVES: Readonly<Record<string, number>> = { '1.2.840.10045.3.1.7': 256, '1.3.132.0.34': 384 }

/**
 * Imports a SubjectPublicKeyInfo after checking what OpenSSL would not: RSA 2048 to 4096 bits with odd n and odd
 * e ≥ 65537 and NULL parameters; EC uncompressed on the named curves P-256 and P-384. Else `AlgorithmNotAllowed`.
 */
export function importPublicKey(spki: DerElement): PublicKey {
  const body = inside(spki)
  const algorithm = readAlgorithm(body)
  const keyBits = readOctetAlignedBits(body)
  body.finish()
  if (algorithm.oid === RSA_ENCRYPTION) {
    if (!isNull(algorithm.parameters)) throw new AlgorithmNotAllowed('RSA parameters NULL')
    return importRsa(keyBits)
  }
  if (algorithm.oid === EC_PUBLIC_KEY && algorithm.parameters?.tag === TAG.oid) {
    return importEc(spki, oidText(algorithm.parameters), keyBits)
  }
  throw new AlgorithmNotAllowed('an RSA key, or an EC key on a named curve')
}

export function isNull(element: DerElement | null): boolean {
  return element?.tag === TAG.null && element.contents.length === 0
}

function importRsa(keyBits: Uint8Array): PublicKey {
  const outer = new DerReader(keyBits)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const modulus = readInteger(body, 1025)
  const exponentOctets = readInteger(body, 5)
  body.finish()
  const bits = bitLength(modulus)
  const exponent = exponentOctets.reduce((sum, octet) => sum * 256 + octet, 0)
  if (!isPositiveOdd(modulus) || bits < 2048 || bits > 4096) {
    throw new AlgorithmNotAllowed('an RSA modulus of 2048 to 4096 bits')
  }
  if (!isPositiveOdd(exponentOctets) || exponent < 65537) {
    throw new AlgorithmNotAllowed('an odd RSA exponent of at least 65537')
  }
  // This form is the cheapest to import on Node 24; see the bench.
  return { type: 'rsa', bits, exponent, keyBits, keyObject: fromPem('RSA PUBLIC KEY', keyBits) }
}

function isPositiveOdd(integer: Uint8Array): boolean {
  return (integer[0] ?? 0x80) < 0x80 && ((integer.at(-1) ?? 0) & 1) === 1
}

function bitLength(integer: Uint8Array): number {
  const significant = integer[0] === 0 ? integer.subarray(1) : integer
  return 8 * significant.length - Math.clz32(significant[0] ?? 0) + 24
}

function importEc(spki: DerElement, curve: string, keyBits: Uint8Array): PublicKey {
  const bits = CURVES[curve]
  if (bits === undefined) throw new AlgorithmNotAllowed('the curve P-256 or P-384')
  if (keyBits[0] !== 4 || keyBits.length !== 1 + bits / 4) {
    throw new AlgorithmNotAllowed('an uncompressed EC point')
  }
  const keyObject = fromPem('PUBLIC KEY', spki.encoding)
  return { type: 'ec', bits, exponent: 0, keyBits, keyObject }
}

function fromPem(label: string, der: Uint8Array): KeyObject {
  const base64 = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')
  try {
    return createPublicKey(`-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`)
  } catch (cause) {
    throw new AlgorithmNotAllowed('a public key that can be imported', { cause })
  }
}
