import { TAG, DerReader, contextConstructed, contextPrimitive } from './der.ts'
import {
  readAlgorithm,
  readAlgorithmAgain,
  readInteger,
  readOctetAlignedBits,
  readSmallInteger,
  readTime,
  type AlgorithmIdentifier,
  type DerTime,
} from './der-values.ts'
import {
  NO_EXTENSIONS,
  readExtensions,
  readKnownExtensions,
  type Extension,
  type KnownExtensions,
} from './extensions.ts'
import { readName, type DistinguishedName } from './name.ts'
import { SubjectPublicKeyInfo } from './public-key.ts'
import { SharedValues } from './shared-values.ts'

/** Largest certificate that is read, in bytes. */
export const MAX_CERTIFICATE = 8 * 1024

/**
 * A certificate as read, nothing of it verified. The reader refuses what no profile takes; what a profile may refuse
 * (version, sign of the serial, form of a time, unique ids) is kept for the profile to judge.
 */
export interface Certificate extends KnownExtensions {
  readonly der: Uint8Array
  readonly tbs: Uint8Array
  readonly version: number
  /** Contents of the INTEGER, two's complement. */
  readonly serial: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: DerTime
  readonly notAfter: DerTime
  readonly spki: SubjectPublicKeyInfo
  readonly hasUniqueIds: boolean
  readonly extensions: readonly Extension[]
  /** The algorithm inside the signed part and the one beside the signature; RFC 5280 §4.1.1.2 wants them equal. */
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly outerAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
}

/** Reads a certificate of at most 8 kB from strict DER; throws `MalformedDer`. */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = DerReader.over(der, MAX_CERTIFICATE)
  const certificate = readCertificate(outer)
  outer.finish()
  return certificate
}

/** Reads one certificate from a list of them (OCSP, CMS). */
export function readCertificate(reader: DerReader): Certificate {
  const { bytes } = reader
  const start = reader.position
  const body = reader.enter(TAG.sequence)
  const tbsStart = body.position
  const tbs = body.enter(TAG.sequence)
  const tbsEnd = body.position
  const outerAlgorithm = readAlgorithm(body)
  const signature = readOctetAlignedBits(body)
  body.finish()
  const version = readVersion(tbs)
  const serial = readInteger(tbs)
  const innerAlgorithm = readAlgorithmAgain(tbs, outerAlgorithm)
  const issuer = readIssuer(tbs)
  const validity = tbs.enter(TAG.sequence)
  const notBefore = readTime(validity)
  const notAfter = readTime(validity)
  validity.finish()
  const subject = readName(tbs)
  const spki = SubjectPublicKeyInfo.read(tbs)
  const issuerId = tbs.optional(contextPrimitive(1))
  const subjectId = tbs.optional(contextPrimitive(2))
  const extensionReader = tbs.optionalEnter(contextConstructed(3))
  tbs.finish()
  if (extensionReader !== null && version !== 3) tbs.fail('extensions in version 3 only')
  const extensions = extensionReader === null ? [] : readExtensions(extensionReader)
  const certificate = {
    ...NO_EXTENSIONS,
    der: part(bytes, start, reader.position),
    tbs: bytes.subarray(tbsStart, tbsEnd),
    version,
    serial,
    innerAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki,
    hasUniqueIds: issuerId !== null || subjectId !== null,
    extensions,
    outerAlgorithm,
    signature,
  }
  return readKnownExtensions(extensions, certificate)
}

/** A view of a part of the bytes; of all of them, themselves. */
function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

const issuers = new SharedValues(readName)

/** The name of an authority, which stands in all that it issued. */
export function readIssuer(reader: DerReader): DistinguishedName {
  return issuers.read(reader, TAG.sequence)
}

/** `[0] EXPLICIT Version DEFAULT v1`: v1 is left out in DER, so 0 written down is malformed. */
function readVersion(reader: DerReader): number {
  const wrapped = reader.optionalEnter(contextConstructed(0))
  if (wrapped === null) return 1
  const value = readSmallInteger(wrapped)
  wrapped.finish()
  if (value !== 1 && value !== 2) reader.fail('version 2 or 3')
  return value + 1
}
