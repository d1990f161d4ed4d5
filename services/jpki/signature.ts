import type { AlgorithmIdentifier } from './der-values.ts'
import { AlgorithmNotAllowed } from './errors.ts'
import { isNull, type PublicKey } from './public-key.ts'

/** A signature algorithm of the allow-list; SHA-1 is not on it. */
export interface SignatureAlgorithm {
  readonly keyType: 'rsa' | 'ec'
  readonly digest: 'sha256' | 'sha384' | 'sha512'
}

const ALLOWED: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.11': { keyType: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { keyType: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { keyType: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { keyType: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { keyType: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { keyType: 'ec', digest: 'sha512' },
}

export const SHA256_WITH_RSA: SignatureAlgorithm = { keyType: 'rsa', digest: 'sha256' }

/** Reads an AlgorithmIdentifier of a signature: RSA with NULL parameters, ECDSA without any (RFC 4055 §5, RFC 5758 §3.2). */
export function signatureAlgorithm(identifier: AlgorithmIdentifier): SignatureAlgorithm {
  const algorithm = ALLOWED[identifier.oid]
  if (algorithm === undefined) throw new AlgorithmNotAllowed('a signature algorithm with SHA-2')
  const parametersHold =
    algorithm.keyType === 'rsa' ? isNull(identifier.parameters) : identifier.parameters === null
  if (!parametersHold) throw new AlgorithmNotAllowed('the parameters of the signature algorithm')
  return algorithm
}

/**
 * Whether `signature` is the key holder's over `message`: PKCS#1 v1.5 with a full DigestInfo (RFC 8017 §8.2.2, NULL
 * present, nothing after it), or ECDSA in DER. A key of another type gives false, never an error.
 */
export function verifySignature(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.type !== algorithm.keyType) return false
  return key.verifies(algorithm.digest, message, signature)
}
