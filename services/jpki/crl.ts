import { constantTimeEqual } from '../kernel/bytes.ts'
import { indexEntries, NO_ENTRIES, type RevokedEntries } from './crl-entries.ts'
import { TAG, DerReader, contextConstructed, inside } from './der.ts'
import {
  namesOneAlgorithm,
  readAlgorithm,
  readGeneralizedTime,
  readInteger,
  readOctetAlignedBits,
  readSmallInteger,
  readTime,
  toBigInt,
  type AlgorithmIdentifier,
} from './der-values.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import {
  readAuthorityKeyIdentifier,
  readExtensions,
  readExtensionValue,
  readIssuingDistributionPoint,
  type AuthorityKeyIdentifier,
  type Extension,
  type IssuingDistributionPoint,
} from './extensions.ts'
import { soleDirectoryName } from './general-name.ts'
import { readName, sameName, type DistinguishedName } from './name.ts'
import { EXTENSION } from './oids.ts'
import {
  freshness,
  revokedOrSuspended,
  type FreshnessPolicy,
  type RevocationStatus,
  type UnknownCause,
} from './revocation.ts'
import type { RevocationTarget } from './revocation-target.ts'
import { signatureAlgorithm, verifySignature } from './signature.ts'
import type { TrustAnchor } from './trust-anchor.ts'

/** Largest CRL that is read, in bytes. */
export const MAX_CRL = 128 * 1024 * 1024

/** A CRL as read, nothing of it verified (RFC 5280 §5.1). */
export interface CertificateRevocationList {
  readonly tbs: Uint8Array
  readonly version: number
  readonly issuer: DistinguishedName
  readonly thisUpdate: Date
  readonly nextUpdate: Date | null
  readonly entries: RevokedEntries
  readonly extensions: readonly Extension[]
  readonly number: bigint | null
  /** BaseCRLNumber of a delta list; null: a complete one (RFC 5280 §5.2.4). */
  readonly deltaBase: bigint | null
  /** Certificates that ended after it stay on the list; null: it says nothing of that (X.509 expiredCertsOnCRL). */
  readonly expiredCertificatesFrom: Date | null
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null
  readonly issuingDistributionPoint: IssuingDistributionPoint | null
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly outerAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
}

/** Reads and indexes a CRL from strict DER; throws `MalformedDer`. */
export function parseCrl(der: Uint8Array): CertificateRevocationList {
  const outer = DerReader.over(der, MAX_CRL)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const tbs = body.read(TAG.sequence)
  const outerAlgorithm = readAlgorithm(body)
  const signature = readOctetAlignedBits(body)
  body.finish()
  const signedPart = readTbs(inside(tbs))
  return { ...signedPart, tbs: tbs.encoding, outerAlgorithm, signature }
}

function readTbs(
  reader: DerReader,
): Omit<CertificateRevocationList, 'tbs' | 'outerAlgorithm' | 'signature'> {
  const version = reader.nextTag === TAG.integer ? readSmallInteger(reader) + 1 : 1
  if (version > 2) reader.fail('version 1 or 2')
  const innerAlgorithm = readAlgorithm(reader)
  const issuer = readName(reader)
  const thisUpdate = readTime(reader).at
  const hasNext = reader.nextTag === TAG.utcTime || reader.nextTag === TAG.generalizedTime
  const nextUpdate = hasNext ? readTime(reader).at : null
  const list = reader.optional(TAG.sequence)
  // RFC 5280 §5.1.2.6: no revoked certificates, no list
  const entries = list === null ? NO_ENTRIES : indexEntries(list)
  const extensionReader = reader.optionalEnter(contextConstructed(0))
  reader.finish()
  if (extensionReader !== null && version !== 2) reader.fail('extensions in version 2 only')
  const extensions = extensionReader === null ? [] : readExtensions(extensionReader)
  const value = <T>(oid: string, read: (reader: DerReader) => T): T | null => {
    const found = extensions.find((extension) => extension.oid === oid)
    return found === undefined ? null : readExtensionValue(found, read)
  }
  return {
    version,
    innerAlgorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    entries,
    extensions,
    number: value(EXTENSION.crlNumber, readCrlNumber),
    deltaBase: value(EXTENSION.deltaCrlIndicator, readCrlNumber),
    expiredCertificatesFrom: value(EXTENSION.expiredCertificates, readGeneralizedTime),
    authorityKeyIdentifier: value(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    issuingDistributionPoint: value(
      EXTENSION.issuingDistributionPoint,
      readIssuingDistributionPoint,
    ),
  }
}

function readCrlNumber(reader: DerReader): bigint {
  return toBigInt(readInteger(reader, 21))
}

/** A CRL whose signature and form were verified against the issuer of the certificates that it speaks of. */
export interface VerifiedCrl {
  readonly crl: CertificateRevocationList
  readonly issuer: TrustAnchor
  readonly number: bigint
  readonly nextUpdate: Date
}

const UNDERSTOOD_CRITICAL: readonly string[] = [EXTENSION.issuingDistributionPoint]

/**
 * Reads a CRL and verifies that `issuer` signed it and that it is complete in itself: version 2, numbered, with a next
 * update, neither delta nor indirect (RFC 5280 §6.3.3 (b)–(g)). JPKI signs a CRL with the key that signed its
 * certificates, so another generation of the family does not stand in.
 */
export function verifyCrl(der: Uint8Array, issuer: TrustAnchor): VerifiedCrl | UnknownCause {
  try {
    const crl = parseCrl(der)
    if (!sameName(crl.issuer, issuer.certificate.subject)) return 'WRONG_ISSUER'
    if (!namesKey(crl, issuer)) return 'WRONG_ISSUER'
    const { number, nextUpdate } = crl
    if (crl.version !== 2 || number === null || number < 0n || nextUpdate === null)
      return 'UNSUPPORTED'
    if (hasUnsupportedParts(crl)) return 'UNSUPPORTED'
    return signedBy(crl, issuer) ? { crl, issuer, number, nextUpdate } : 'BAD_SIGNATURE'
  } catch (error) {
    if (error instanceof MalformedDer) return 'MALFORMED'
    if (error instanceof AlgorithmNotAllowed) return 'UNSUPPORTED'
    throw error
  }
}

function namesKey(
  { authorityKeyIdentifier }: CertificateRevocationList,
  issuer: TrustAnchor,
): boolean {
  const named = authorityKeyIdentifier?.keyIdentifier
  const own = issuer.certificate.subjectKeyIdentifier
  return named != null && own !== null && constantTimeEqual(named, own)
}

function hasUnsupportedParts(crl: CertificateRevocationList): boolean {
  const point = crl.issuingDistributionPoint
  const unknownCritical = crl.extensions.some(
    ({ critical, oid }) => critical && !UNDERSTOOD_CRITICAL.includes(oid),
  )
  const partial =
    point !== null &&
    (point.onlyCaCertificates ||
      point.onlyAttributeCertificates ||
      point.reasons !== null ||
      point.indirect)
  return unknownCritical || partial || crl.entries.unsupported
}

function signedBy(crl: CertificateRevocationList, issuer: TrustAnchor): boolean {
  // RFC 5280 §5.1.1.2: the same algorithm inside and outside
  if (!namesOneAlgorithm(crl)) return false
  const algorithm = signatureAlgorithm(crl.outerAlgorithm)
  return verifySignature(issuer.key, algorithm, crl.tbs, crl.signature)
}

export interface CrlQuestion {
  readonly certificate: RevocationTarget
  readonly issuer: TrustAnchor
  readonly at: Date
  readonly freshness: FreshnessPolicy
  /** Number of the last CRL seen for this point; a lower one is a replay. */
  readonly lowestNumber?: bigint
}

/**
 * Status of a certificate by a verified CRL. "Not listed" is good only when the CRL is of the same issuer key, covers
 * the certificate's distribution point, and is fresh at `at`; else unknown with its cause.
 */
export function crlStatus(verified: VerifiedCrl, question: CrlQuestion): RevocationStatus {
  const { crl, nextUpdate } = verified
  const unknown = (cause: UnknownCause): RevocationStatus => ({
    status: 'unknown',
    source: 'crl',
    cause,
  })
  if (verified.issuer.sha256 !== question.issuer.sha256) return unknown('WRONG_ISSUER')
  if (!covers(crl.issuingDistributionPoint, question.certificate)) return unknown('WRONG_SCOPE')
  if (question.lowestNumber !== undefined && verified.number < question.lowestNumber) {
    return unknown('OLDER_THAN_KNOWN')
  }
  const tooOldOrNew = freshness(crl.thisUpdate, nextUpdate, question.at, question.freshness)
  if (tooOldOrNew !== null) return unknown(tooOldOrNew)
  const { thisUpdate } = crl
  const entry = crl.entries.find(question.certificate.serial)
  if (entry === null) return { status: 'good', source: 'crl', thisUpdate, nextUpdate }
  // RFC 5280 §5.3.1: removeFromCRL belongs to delta CRLs, which were refused
  if (entry.reason === 'removeFromCRL') return unknown('UNSUPPORTED')
  return {
    status: revokedOrSuspended(entry.reason),
    source: 'crl',
    ...entry,
    thisUpdate,
    nextUpdate,
  }
}

/** Without a scope a CRL speaks of all its issuer's certificates; else the points must be the same. */
function covers(scope: IssuingDistributionPoint | null, certificate: RevocationTarget): boolean {
  if (scope === null || scope.name === null) return true
  const covered = soleDirectoryName(scope.name)
  return (
    covered !== null &&
    certificate.crlDistributionPoints.some((point) => {
      const named = soleDirectoryName(point.name)
      return named !== null && sameName(named, covered)
    })
  )
}
