import { constantTimeEqual } from '../../kernel/bytes.ts'
import type { AlgorithmPolicy } from '../algorithm-policy.ts'
import type { Certificate } from '../certificate.ts'
import type { CertificateRevocationList } from '../crl.ts'
import { namesOneAlgorithm } from '../der-values.ts'
import { AlgorithmNotAllowed, MalformedDer } from '../errors.ts'
import { KEY_USAGE, type DistributionPoint, type IssuingDistributionPoint } from '../extensions.ts'
import type { DistributionPointName, GeneralName } from '../general-name.ts'
import { foldRdn, sameName, type DistinguishedName } from '../name.ts'
import { EXTENSION } from '../oids.ts'
import {
  excusing,
  revokedOrSuspended,
  timeliness,
  type FreshnessPolicy,
  type Revocation,
  type RevocationStatus,
  type StatusTime,
  type UnknownCause,
} from '../revocation.ts'
import { signatureAlgorithm, verifySignature } from '../signature.ts'
import type { Budget } from './budget.ts'
import type { Link } from './build-path.ts'

/** What may differ between public test files and what is issued today. */
export interface CrlRules {
  readonly algorithms: AlgorithmPolicy
  /** Whether a list of version 1, or without a number, is taken (RFC 5280 §5.1.2.1, §5.2.3 want both). */
  readonly unnumbered: boolean
  /** Without a nextUpdate the maximum age alone says how long a list is believed. */
  readonly freshness: FreshnessPolicy
}

export interface CrlAsked extends StatusTime {
  readonly certificate: Certificate
  readonly crls: readonly CertificateRevocationList[]
  /** Whether a key that is proven to belong to the issuer of that name signed the list. */
  readonly isAuthentic: (crl: CertificateRevocationList) => boolean
  readonly rules: CrlRules
  readonly budget: Budget
  /** A revocation that leaves what was signed before it as it is. */
  readonly excuses?: ((revocation: Revocation) => boolean) | undefined
}

/** Bits 1 to 8 of ReasonFlags: every reason there is (RFC 5280 §4.2.1.13). */
const ALL_REASONS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8])

/**
 * CRL validation (RFC 5280 §6.3.3) with delta lists: revoked as soon as one list says so; good when lists that cover the
 * certificate, for all reasons, do not name it; else unknown with a cause. Indirect lists are not supported.
 */
export function crlEvidence(asked: CrlAsked): RevocationStatus {
  const { certificate, crls, budget } = asked
  const covered = new Set<number>()
  const causes = new Set<UnknownCause>()
  let good: RevocationStatus | null = null
  for (const point of pointsOf(certificate)) {
    for (const crl of crls) {
      budget.step()
      if (crl.deltaBase !== null) continue
      const reasons = reasonsCovered(crl, point, asked)
      if (typeof reasons === 'string') {
        causes.add(reasons)
        continue
      }
      const told = statusBy(crl, asked)
      const status = speaksOf(crl, told, certificate) ? excusing(told, asked.excuses) : OUT_OF_SCOPE
      switch (status.status) {
        case 'unknown':
          causes.add(status.cause)
          break
        case 'good':
          good = status
          for (const reason of reasons) covered.add(reason)
          break
        default:
          return status
      }
    }
  }
  if (good !== null && covered.isSupersetOf(ALL_REASONS)) return good
  return {
    status: 'unknown',
    source: 'crl',
    cause: good === null ? worthiest(causes) : 'WRONG_SCOPE',
  }
}

/** Of several causes the one of the list that came closest to an answer. */
function worthiest(causes: ReadonlySet<UnknownCause>): UnknownCause {
  const elsewhere: readonly UnknownCause[] = ['WRONG_SCOPE', 'WRONG_ISSUER']
  const [own] = [...causes].filter((cause) => !elsewhere.includes(cause))
  return own ?? elsewhere.find((cause) => causes.has(cause)) ?? 'UNREACHABLE'
}

const OUT_OF_SCOPE: RevocationStatus = { status: 'unknown', source: 'crl', cause: 'WRONG_SCOPE' }

/**
 * A certificate is taken off the lists after it ended (RFC 5280 §3.3), so that it is not named on a later one says
 * nothing, unless the list keeps such certificates.
 */
function speaksOf(
  { expiredCertificatesFrom }: CertificateRevocationList,
  told: RevocationStatus,
  { notAfter }: Certificate,
): boolean {
  return (
    told.status !== 'good' ||
    told.thisUpdate <= notAfter.at ||
    (expiredCertificatesFrom !== null && expiredCertificatesFrom <= notAfter.at)
  )
}

/** Step (a) for a certificate without distribution points: the list of its issuer. */
function pointsOf({ crlDistributionPoints }: Certificate): readonly (DistributionPoint | null)[] {
  return crlDistributionPoints.length > 0 ? crlDistributionPoints : [null]
}

/** Steps (b) to (e): the reasons for which the list speaks of the certificate at this point, or why it does not. */
function reasonsCovered(
  crl: CertificateRevocationList,
  point: DistributionPoint | null,
  { certificate, budget }: CrlAsked,
): ReadonlySet<number> | UnknownCause {
  if (!sameName(crl.issuer, certificate.issuer)) return 'WRONG_ISSUER'
  if (point !== null && point.crlIssuer !== null) return 'UNSUPPORTED'
  const scope = crl.issuingDistributionPoint
  if (scope !== null) {
    budget.comparisons(nameCount(scope.name) + nameCount(point?.name ?? null))
    if (!isInScope(scope, point, certificate)) return 'WRONG_SCOPE'
  }
  const ofPoint = point?.reasons ?? ALL_REASONS
  const ofList = scope?.reasons ?? ALL_REASONS
  return ofPoint.intersection(ofList)
}

function nameCount(name: DistributionPointName | null): number {
  return name?.kind === 'fullName' ? name.names.length : 1
}

function isInScope(
  scope: IssuingDistributionPoint,
  point: DistributionPoint | null,
  certificate: Certificate,
): boolean {
  const isAuthority = certificate.basicConstraints?.ca === true
  if (scope.indirect || scope.onlyAttributeCertificates) return false
  if (scope.onlyUserCertificates && isAuthority) return false
  if (scope.onlyCaCertificates && !isAuthority) return false
  if (scope.name === null) return true
  const named: DistributionPointName | null = point === null ? ownName(certificate) : point.name
  return named !== null && shareName(scope.name, named, certificate.issuer)
}

function ownName({ issuer }: Certificate): DistributionPointName {
  return { kind: 'fullName', names: [{ kind: 'directoryName', name: issuer }] }
}

/** Whether two distribution points have a name in common; a relative one is below the issuer's name. */
function shareName(
  a: DistributionPointName,
  b: DistributionPointName,
  issuer: DistinguishedName,
): boolean {
  const known = new Set(textsOf(b, issuer))
  return textsOf(a, issuer).some((text) => known.has(text))
}

function textsOf(name: DistributionPointName, issuer: DistinguishedName): string[] {
  if (name.kind === 'relative') return [['dn', ...issuer.folded, foldRdn(name.rdn)].join('\n')]
  return name.names.map(textOf).filter((text) => text !== null)
}

function textOf(name: GeneralName): string | null {
  switch (name.kind) {
    case 'directoryName':
      return ['dn', ...name.name.folded].join('\n')
    case 'uri':
      return `uri\n${name.uri}`
    case 'dns':
    case 'email':
      return `${name.kind}\n${name.text.toLowerCase()}`
    default:
      return null
  }
}

/** Steps (f) to (l) for one list, with the delta that belongs to it. */
function statusBy(crl: CertificateRevocationList, asked: CrlAsked): RevocationStatus {
  const delta = newestDelta(crl, asked)
  const broken = flawOf(crl, asked, delta === null)
  if (broken !== null) return { status: 'unknown', source: 'crl', cause: broken }
  const { serial } = asked.certificate
  const current = delta ?? crl
  const { thisUpdate, nextUpdate } = current
  const changed = delta?.entries.find(serial) ?? null
  const removed = changed?.reason === 'removeFromCRL'
  const entry = removed ? null : (changed ?? crl.entries.find(serial))
  if (entry === null) return { status: 'good', source: 'crl', thisUpdate, nextUpdate }
  // RFC 5280 §5.3.1: only a delta list takes an entry away
  if (entry.reason === 'removeFromCRL') {
    return { status: 'unknown', source: 'crl', cause: 'UNSUPPORTED' }
  }
  const status = revokedOrSuspended(entry.reason)
  return { status, source: 'crl', ...entry, thisUpdate, nextUpdate }
}

/** Step (c): a delta of the same issuer, scope and key, whose base this list is or follows. */
function newestDelta(
  base: CertificateRevocationList,
  asked: CrlAsked,
): CertificateRevocationList | null {
  const deltas = asked.crls
    .filter((delta) => belongs(delta, base))
    .toSorted((a, b) => Number((b.number ?? 0n) - (a.number ?? 0n)))
  return deltas.find((delta) => flawOf(delta, asked, true) === null) ?? null
}

function belongs(delta: CertificateRevocationList, base: CertificateRevocationList): boolean {
  return (
    delta.deltaBase !== null &&
    delta.number !== null &&
    base.number !== null &&
    delta.deltaBase <= base.number &&
    delta.number >= base.number &&
    sameName(delta.issuer, base.issuer) &&
    sameScope(delta, base) &&
    sameKeyNamed(delta, base)
  )
}

function sameScope(a: CertificateRevocationList, b: CertificateRevocationList): boolean {
  const bytesOf = ({ extensions }: CertificateRevocationList): Uint8Array =>
    extensions.find(({ oid }) => oid === EXTENSION.issuingDistributionPoint)?.value.contents ??
    new Uint8Array()
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function sameKeyNamed(a: CertificateRevocationList, b: CertificateRevocationList): boolean {
  const one = a.authorityKeyIdentifier?.keyIdentifier
  const other = b.authorityKeyIdentifier?.keyIdentifier
  return one != null && other != null && constantTimeEqual(one, other)
}

const UNDERSTOOD_CRITICAL: ReadonlySet<string> = new Set([
  EXTENSION.issuingDistributionPoint,
  EXTENSION.deltaCrlIndicator,
])

/** What makes a list unusable, whatever certificate is asked about; null when nothing does. */
function flawOf(
  crl: CertificateRevocationList,
  { isAuthentic, at, since, rules }: CrlAsked,
  mustBeFresh: boolean,
): UnknownCause | null {
  if (!rules.unnumbered && (crl.version !== 2 || crl.number === null)) return 'UNSUPPORTED'
  if (crl.number !== null && crl.number < 0n) return 'UNSUPPORTED'
  const unknown = crl.extensions.some(
    ({ critical, oid }) => critical && !UNDERSTOOD_CRITICAL.has(oid),
  )
  if (unknown || crl.entries.unsupported) return 'UNSUPPORTED'
  if (mustBeFresh) {
    const old = timeliness(crl.thisUpdate, crl.nextUpdate, { at, since }, rules.freshness)
    if (old !== null) return old
  }
  return isAuthentic(crl) ? null : 'BAD_SIGNATURE'
}

/** Whether the holder of the link's key signed the list, may sign lists (step (f)), and with an algorithm of the allow-list. */
export function isListSignedBy(
  crl: CertificateRevocationList,
  { certificate, key }: Link,
  algorithms: AlgorithmPolicy,
): boolean {
  if (!namesOneAlgorithm(crl) || !maySign(certificate)) return false
  try {
    const algorithm = signatureAlgorithm(crl.outerAlgorithm, algorithms)
    return verifySignature(key, algorithm, crl.tbs, crl.signature)
  } catch (error) {
    if (error instanceof AlgorithmNotAllowed || error instanceof MalformedDer) return false
    throw error
  }
}

/** A signer with a key usage needs the one for CRLs. */
function maySign({ keyUsage }: Certificate): boolean {
  return keyUsage === null || keyUsage.has(KEY_USAGE.crlSign)
}
