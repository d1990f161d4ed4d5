import type { Certificate } from '../certificate.ts'
import { namesOneAlgorithm } from '../der-values.ts'
import { KEY_USAGE } from '../extensions.ts'
import { sameName } from '../name.ts'
import { EXTENSION } from '../oids.ts'
import type { Failure } from '../verdict.ts'

/** The extensions that path validation processes; any other that is critical refuses the certificate (RFC 5280 §4.2). */
const PROCESSED: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.basicConstraints,
  EXTENSION.subjectAltName,
  EXTENSION.nameConstraints,
  EXTENSION.certificatePolicies,
  EXTENSION.policyMappings,
  EXTENSION.policyConstraints,
  EXTENSION.inhibitAnyPolicy,
  EXTENSION.crlDistributionPoints,
])

/** Known, and never critical (§4.2.1.1, §4.2.1.2, §4.2.1.15, §4.2.2.1). */
const NEVER_CRITICAL: ReadonlySet<string> = new Set([
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.subjectKeyIdentifier,
  EXTENSION.freshestCrl,
  EXTENSION.authorityInformationAccess,
])

/** What a verifier that does not know it must not skip (§4.2.1.10, §4.2.1.11, §4.2.1.14). */
const ALWAYS_CRITICAL: ReadonlySet<string> = new Set([
  EXTENSION.nameConstraints,
  EXTENSION.policyConstraints,
  EXTENSION.inhibitAnyPolicy,
])

interface Rule extends Failure {
  readonly holds: (certificate: Certificate, unmarked: boolean) => boolean
}

const form = (expected: string, holds: Rule['holds']): Rule => ({
  sub: 'FORMAT_FAILURE',
  expected,
  holds,
})
const use = (expected: string, holds: Rule['holds']): Rule => ({
  sub: 'CHAIN_CONSTRAINTS_FAILURE',
  expected,
  holds,
})

/**
 * What RFC 5280 §4 demands of every certificate. What it leaves to the issuer alone, such as the form of a time, the sign
 * of a serial or unique ids, is taken.
 */
const RULES: readonly Rule[] = [
  form('one signature algorithm inside and outside', namesOneAlgorithm),
  form('a serial of at most 20 octets, not 0', ({ serial }) => isSerial(serial)),
  form('an issuer with a name', ({ issuer }) => issuer.rdns.length > 0),
  form('a critical alternative name where the subject is empty', isNamed),
  form('a subject that has a name where it issues certificates or lists', isNamedAsIssuer),
  use('no unknown critical extension', ({ extensions }) =>
    extensions.every(
      ({ critical, oid }) => !critical || PROCESSED.has(oid) || NEVER_CRITICAL.has(oid),
    ),
  ),
  use('extensions that are critical when they have to be, and else are not', ({ extensions }) =>
    extensions.every(({ critical, oid }) =>
      critical ? !NEVER_CRITICAL.has(oid) : !ALWAYS_CRITICAL.has(oid),
    ),
  ),
  use('the key identifier of its issuer', namesIssuerKey),
  use('powers of an authority in an authority only', hasNoStrayPowers),
  use('a path length beside the right to issue only', limitsWhatItIssues),
]

/**
 * The first rule that the certificate breaks, or null.
 *
 * @param unmarked takes an authority without basic constraints, and a certificate without the key identifier of its issuer
 */
export function brokenRule(certificate: Certificate, unmarked: boolean): Failure | null {
  return RULES.find(({ holds }) => !holds(certificate, unmarked)) ?? null
}

/** Whether subject and issuer are one name (§6.1): such a certificate counts nowhere but as a target. */
export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameName(subject, issuer)
}

function isSerial(serial: Uint8Array): boolean {
  const octets = serial[0] === 0 ? serial.subarray(1) : serial
  return octets.length > 0 && octets.length <= 20
}

/** §4.1.2.6; an alternative name that is there has at least one name, or the certificate is malformed. */
function isNamed({ subject, extensions }: Certificate): boolean {
  return (
    subject.rdns.length > 0 ||
    extensions.some(({ oid, critical }) => critical && oid === EXTENSION.subjectAltName)
  )
}

/** §4.1.2.6. */
function isNamedAsIssuer({ subject, basicConstraints, keyUsage }: Certificate): boolean {
  const issues = basicConstraints?.ca === true || keyUsage?.has(KEY_USAGE.crlSign) === true
  return !issues || subject.rdns.length > 0
}

/** §4.2.1.1: a self-issued certificate may leave it out, as a root does. */
function namesIssuerKey(certificate: Certificate, unmarked: boolean): boolean {
  const { authorityKeyIdentifier } = certificate
  const names = authorityKeyIdentifier !== null && authorityKeyIdentifier.keyIdentifier !== null
  return names || unmarked || isSelfIssued(certificate)
}

/** §4.2.1.3, §4.2.1.9, §4.2.1.10. */
function hasNoStrayPowers(certificate: Certificate, unmarked: boolean): boolean {
  const { basicConstraints, keyUsage, nameConstraints } = certificate
  if (basicConstraints?.ca === true || (basicConstraints === null && unmarked)) return true
  return (
    nameConstraints === null &&
    basicConstraints?.pathLength == null &&
    keyUsage?.has(KEY_USAGE.keyCertSign) !== true
  )
}

/** §4.2.1.9: pathLenConstraint is for a key that may sign certificates, where the certificate says what its key may do. */
function limitsWhatItIssues({ basicConstraints, keyUsage }: Certificate): boolean {
  return (
    basicConstraints?.pathLength == null || keyUsage === null || keyUsage.has(KEY_USAGE.keyCertSign)
  )
}
