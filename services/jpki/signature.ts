import { STRICT_ALGORITHMS, type AlgorithmPolicy } from './algorithm-policy.ts'
import { TAG, contextConstructed, inside, type DerElement, type DerReader } from './der.ts'
import {
  algorithmOf,
  readAlgorithm,
  readSmallInteger,
  type AlgorithmIdentifier,
} from './der-values.ts'
import { der } from './der-writer.ts'
import { AlgorithmNotAllowed } from './errors.ts'
import { SHA1, SHA256 } from './oids.ts'
import { isNull, type PublicKey } from './public-key.ts'

export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** A signature algorithm of the allow-list. */
export interface SignatureAlgorithm {
  readonly keyType: 'rsa' | 'ec'
  readonly digest: Digest
  /** Octets of salt: RSASSA-PSS; absent: PKCS#1 v1.5, or ECDSA. */
  readonly saltLength?: number
}

const ALLOWED: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.5': { keyType: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.11': { keyType: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { keyType: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { keyType: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { keyType: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { keyType: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { keyType: 'ec', digest: 'sha512' },
}
const RSASSA_PSS = '1.2.840.113549.1.1.10'
const MGF1 = '1.2.840.113549.1.1.8'

export interface DigestAlgorithm {
  readonly digest: Digest
  /** Octets of a digest. */
  readonly length: number
}

const HASHES: Readonly<Record<string, DigestAlgorithm>> = {
  [SHA1]: { digest: 'sha1', length: 20 },
  [SHA256]: { digest: 'sha256', length: 32 },
  '2.16.840.1.101.3.4.2.2': { digest: 'sha384', length: 48 },
  '2.16.840.1.101.3.4.2.3': { digest: 'sha512', length: 64 },
}

export const SHA256_WITH_RSA: SignatureAlgorithm = { keyType: 'rsa', digest: 'sha256' }

/**
 * Reads an AlgorithmIdentifier of a signature: RSA with NULL parameters, ECDSA without any (RFC 4055 §5, RFC 5758 §3.2),
 * PSS with one SHA-2 hash throughout and a salt of its length (RFC 4055 §3.1).
 *
 * @param nullMayBeAbsent for messages, where RFC 4055 §5 asks readers to take the parameters absent as well
 */
export function signatureAlgorithm(
  { oid, parameters }: AlgorithmIdentifier,
  policy: AlgorithmPolicy = STRICT_ALGORITHMS,
  nullMayBeAbsent = false,
): SignatureAlgorithm {
  if (oid === RSASSA_PSS && parameters !== null) return pssAlgorithm(parameters)
  const algorithm = ALLOWED[oid]
  if (algorithm === undefined || (algorithm.digest === 'sha1' && !policy.sha1)) {
    throw new AlgorithmNotAllowed('a signature algorithm with SHA-2')
  }
  // The one public suite that is signed with SHA-1 leaves the NULL out.
  const mayBeAbsent = algorithm.keyType === 'ec' || algorithm.digest === 'sha1' || nullMayBeAbsent
  const parametersHold =
    parameters === null ? mayBeAbsent : algorithm.keyType === 'rsa' && isNull(parameters)
  if (!parametersHold) throw new AlgorithmNotAllowed('the parameters of the signature algorithm')
  return algorithm
}

/** Reads an AlgorithmIdentifier of a digest: SHA-2, with parameters absent or NULL (RFC 5754 §2). */
export function digestAlgorithm(
  { oid, parameters }: AlgorithmIdentifier,
  { sha1 }: Pick<AlgorithmPolicy, 'sha1'> = STRICT_ALGORITHMS,
): DigestAlgorithm {
  const hash = HASHES[oid]
  if (hash === undefined || (hash.digest === 'sha1' && !sha1)) {
    throw new AlgorithmNotAllowed('a digest of SHA-2')
  }
  if (parameters !== null && !isNull(parameters)) {
    throw new AlgorithmNotAllowed('a digest algorithm without parameters')
  }
  return hash
}

/** By their names in JOSE (RFC 7518), in X.509 (RFC 4055, RFC 5758) and in Java. */
const NAMED: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  (['sha1', 'sha256', 'sha384', 'sha512'] as const).flatMap((digest) => {
    const size = digest.slice(3)
    const rsa: SignatureAlgorithm = { keyType: 'rsa', digest }
    const ec: SignatureAlgorithm = { keyType: 'ec', digest }
    const names: [string, SignatureAlgorithm][] = [
      [`rs${size}`, rsa],
      [`${digest}withrsaencryption`, rsa],
      [`${digest}withrsa`, rsa],
      [`es${size}`, ec],
      [`ecdsa-with-${digest}`, ec],
      [`${digest}withecdsa`, ec],
    ]
    const hash = Object.values(HASHES).find((one) => one.digest === digest)
    if (hash !== undefined) names.push([`ps${size}`, { ...rsa, saltLength: hash.length }])
    return names
  }),
)

/**
 * An algorithm by its dotted OID, by a name such as `RS256`, `sha256WithRSAEncryption` or `ecdsa-with-SHA256`, or by its
 * digest alone (`SHA-256`), which stands for PKCS#1 v1.5 or ECDSA as the key has it.
 */
export function namedAlgorithm(
  name: string,
  keyType: PublicKey['type'],
  policy: AlgorithmPolicy = STRICT_ALGORITHMS,
): SignatureAlgorithm {
  const folded = name.toLowerCase()
  const own = Object.hasOwn(ALLOWED, name) ? ALLOWED[name] : NAMED.get(folded)
  const scheme = keyType === 'rsa' ? 'rsa' : 'ecdsa'
  const algorithm = own ?? NAMED.get(`${folded.replace('sha-', 'sha')}with${scheme}`)
  if (algorithm === undefined || (algorithm.digest === 'sha1' && !policy.sha1)) {
    throw new AlgorithmNotAllowed('the name or OID of a signature algorithm with SHA-2')
  }
  return algorithm
}

/** RSASSA-PSS-params; every default of it is SHA-1, so all three fields have to be there and the trailer must not. */
function pssAlgorithm(parameters: DerElement): SignatureAlgorithm {
  if (parameters.tag !== TAG.sequence) throw new AlgorithmNotAllowed('the parameters of PSS')
  const body = inside(parameters)
  const hash = digestAlgorithm(explicitly(body, 0, readAlgorithm))
  const generator = explicitly(body, 1, readAlgorithm)
  const saltLength = explicitly(body, 2, readSmallInteger)
  body.finish()
  const inner = generator.parameters
  const isOne =
    generator.oid === MGF1 &&
    inner?.tag === TAG.sequence &&
    digestAlgorithm(algorithmOf(inner)) === hash &&
    saltLength === hash.length
  if (!isOne) throw new AlgorithmNotAllowed('PSS with one SHA-2 hash and a salt of its length')
  return { keyType: 'rsa', digest: hash.digest, saltLength }
}

function explicitly<T>(body: DerReader, n: number, read: (reader: DerReader) => T): T {
  const wrapped = body.enter(contextConstructed(n))
  const value = read(wrapped)
  wrapped.finish()
  return value
}

/**
 * Whether `signature` is the key holder's over `message`: PKCS#1 v1.5 with a full DigestInfo (RFC 8017 §8.2.2, NULL
 * present, nothing after it), PSS, or ECDSA in DER. A key of another type gives false, never an error.
 */
export function verifySignature(
  key: PublicKey,
  { keyType, digest, saltLength }: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.type !== keyType) return false
  return saltLength === undefined
    ? key.verifies(digest, message, signature)
    : key.verifiesPss(digest, saltLength, message, signature)
}

/** An ECDSA signature of two numbers of the field's size (IEEE P1363) as the SEQUENCE that X.509 uses; null for another length. */
export function derSignature(sideBySide: Uint8Array, fieldBits: number): Uint8Array | null {
  const size = Math.ceil(fieldBits / 8)
  if (sideBySide.length !== 2 * size) return null
  const numbers = [sideBySide.subarray(0, size), sideBySide.subarray(size)]
  return der(TAG.sequence, ...numbers.map((number) => der(TAG.integer, unsigned(number))))
}

/** Contents of a non-negative INTEGER in the fewest octets. */
function unsigned(number: Uint8Array): Uint8Array {
  const start = number.findIndex((octet) => octet !== 0)
  if (start === -1) return Uint8Array.of(0)
  const octets = number.subarray(start)
  return (octets[0] ?? 0) < 0x80 ? octets : Uint8Array.of(0, ...octets)
}
