import { TRUST_ENVIRONMENTS, type TrustEnvironment } from '../kernel/trust-environment.ts'
import type { Certificate } from './certificate.ts'
import { namesOneAlgorithm, type DerTime } from './der-values.ts'
import { KEY_USAGE } from './extensions.ts'
import { soleDirectoryName } from './general-name.ts'
import { attributeTexts, type DistinguishedName } from './name.ts'
import { ATTRIBUTE_TYPE, EXTENSION, KEY_PURPOSE } from './oids.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import { SHA256_WITH_RSA, type SignatureAlgorithm } from './signature.ts'
import type { CertificateKind } from './trust-anchor.ts'
import type { Failure } from './verdict.ts'

// The simulator's stand under the enterprise number that RFC 5612 reserves for examples: nothing set up for JPKI takes them.
const POLICY: Readonly<Record<CertificateKind, Readonly<Record<TrustEnvironment, string>>>> = {
  signature: {
    production: '1.2.392.200149.8.5.1.1.20',
    'jpki-test': '1.2.392.200149.8.5.1.0.20',
    simulator: '1.3.6.1.4.1.32473.8.5.1.1.20',
  },
  authentication: {
    production: '1.2.392.200149.8.5.1.3.30',
    'jpki-test': '1.2.392.200149.8.5.1.3.30',
    simulator: '1.3.6.1.4.1.32473.8.5.1.3.30',
  },
}

const UNIT: Readonly<Record<string, CertificateKind>> = {
  'JPKI for digital signature': 'signature',
  'JPKI for user authentication': 'authentication',
}

/** The family that a certification authority's name tells, or null where it has no name of JPKI. */
export function kindNamed(authority: DistinguishedName): CertificateKind | null {
  const units = attributeTexts(authority, ATTRIBUTE_TYPE.organizationalUnit)
  const known = units.find((unit) => Object.hasOwn(UNIT, unit))
  return known === undefined ? null : (UNIT[known] ?? null)
}

/** The family and environment that the certificate's policy names, or null. */
export function familyOf({ policies }: Certificate): Family | null {
  const families = (['signature', 'authentication'] as const).flatMap((kind) =>
    TRUST_ENVIRONMENTS.map((environment) => ({ kind, environment })),
  )
  return families.find(({ kind, environment }) => POLICY[kind][environment] === policies[0]) ?? null
}

export interface Family {
  readonly kind: CertificateKind
  readonly environment: TrustEnvironment
}

const CRITICAL: readonly string[] = [EXTENSION.keyUsage, EXTENSION.certificatePolicies]

/** A kind of key that JPKI certifies: the holder's and its issuer's are of one kind. */
interface KeyProfile {
  readonly type: PublicKey['type']
  /** RSA modulus or EC field size. */
  readonly bits: number
  /** 0 for EC. */
  readonly exponent: number
  /** With which the certificate is signed. */
  readonly certificateAlgorithm: { readonly oid: string; readonly name: string }
  /** With which its holder signs. */
  readonly algorithm: SignatureAlgorithm
  readonly environments: readonly TrustEnvironment[]
}

const RSA_2048: KeyProfile = {
  type: 'rsa',
  bits: 2048,
  exponent: 65537,
  certificateAlgorithm: { oid: '1.2.840.113549.1.1.11', name: 'sha256WithRSAEncryption' },
  algorithm: SHA256_WITH_RSA,
  environments: TRUST_ENVIRONMENTS,
}
/**
 * Announced for the next card (次期個人番号カード). What its certificates will look like is not public, so that the simulator's, which are
 * invented, are the only ones that are known.
 */
const EC_P384: KeyProfile = {
  type: 'ec',
  bits: 384,
  exponent: 0,
  certificateAlgorithm: { oid: '1.2.840.10045.4.3.3', name: 'ecdsa-with-SHA384' },
  algorithm: { keyType: 'ec', digest: 'sha384' },
  environments: ['simulator'],
}
const KEY_PROFILES = [RSA_2048, EC_P384]

interface Rule {
  readonly expected: string
  readonly holds: (
    certificate: Certificate,
    kind: CertificateKind,
    env: TrustEnvironment,
  ) => boolean
}

/** Form of the certificate: RFC 5280 §4.1 as JPKI uses it. */
const FORM: readonly Rule[] = [
  { expected: 'version 3', holds: (c) => c.version === 3 && !c.hasUniqueIds },
  { expected: 'a positive serial of at most 20 octets', holds: (c) => isPositiveSerial(c.serial) },
  {
    expected: 'one signature algorithm inside and outside',
    holds: namesOneAlgorithm,
  },
  {
    expected: 'a validity in the form of its years',
    holds: (c) =>
      hasFormOfYear(c.notBefore) &&
      hasFormOfYear(c.notAfter) &&
      c.notBefore.at.getTime() < c.notAfter.at.getTime(),
  },
]

/** What the certificate may be used for: the JPKI end-entity profiles. */
const CONSTRAINTS: readonly Rule[] = [
  { expected: 'an end entity', holds: (c) => c.basicConstraints?.ca !== true },
  { expected: 'the key usage of its kind', holds: (c, kind) => hasExactKeyUsage(c, kind) },
  { expected: 'the extended key usage of its kind', holds: (c, kind) => hasPurpose(c, kind) },
  { expected: 'the known critical extensions', holds: hasKnownCriticalSet },
  {
    expected: 'the policy of its kind and environment',
    holds: (c, kind, env) => c.policies.length === 1 && c.policies[0] === POLICY[kind][env],
  },
  { expected: 'the key identifier of its issuer', holds: (c) => namesIssuerKey(c) },
  {
    expected: 'one CRL distribution point by directory name',
    holds: (c) => hasDistributionPoint(c),
  },
  {
    expected: 'subject attributes in the signature certificate only',
    holds: (c, kind) => c.subjectAltName.length > 0 === (kind === 'signature'),
  },
]

/**
 * Checks the certificate against the JPKI profile of its kind. Gives the first rule that does not hold, or null.
 * FORMAT_FAILURE: its shape; CHAIN_CONSTRAINTS_FAILURE: its use.
 */
export function checkProfile(
  certificate: Certificate,
  kind: CertificateKind,
  environment: TrustEnvironment,
): Failure | null {
  const broken = (rule: Rule): boolean => !rule.holds(certificate, kind, environment)
  const form = FORM.find(broken)
  if (form !== undefined) return { sub: 'FORMAT_FAILURE', expected: form.expected }
  const constraint = CONSTRAINTS.find(broken)
  if (constraint !== undefined) {
    return { sub: 'CHAIN_CONSTRAINTS_FAILURE', expected: constraint.expected }
  }
  return keyProfileOf(certificate, environment) === undefined
    ? { sub: 'CRYPTO_CONSTRAINTS_FAILURE', expected: algorithmsIn(environment) }
    : null
}

/** The kind of key that goes with what the certificate is signed with, where the environment knows it. */
function keyProfileOf(
  { outerAlgorithm }: Certificate,
  environment: TrustEnvironment,
): KeyProfile | undefined {
  return KEY_PROFILES.find(
    ({ certificateAlgorithm, environments }) =>
      certificateAlgorithm.oid === outerAlgorithm.oid && environments.includes(environment),
  )
}

function algorithmsIn(environment: TrustEnvironment): string {
  return KEY_PROFILES.filter(({ environments }) => environments.includes(environment))
    .map(({ certificateAlgorithm }) => certificateAlgorithm.name)
    .join(' or ')
}

export const KEY_NOT_OF_PROFILE: Failure = {
  sub: 'CRYPTO_CONSTRAINTS_FAILURE',
  expected: 'an RSA key of 2048 bits with exponent 65537 (simulated next card: an EC key on P-384)',
}

/** Imports the key of a JPKI certificate: of the kind that goes with its signature in this environment, or null. */
export function importProfileKey(
  certificate: Certificate,
  environment: TrustEnvironment,
): PublicKey | null {
  const key = importPublicKey(certificate.spki)
  return isKeyOfProfile(key, certificate, environment) ? key : null
}

/** Whether the key is of the kind that goes with the certificate's signature in this environment. */
export function isKeyOfProfile(
  { type, bits, exponent }: PublicKey,
  certificate: Certificate,
  environment: TrustEnvironment,
): boolean {
  const expected = keyProfileOf(certificate, environment)
  return expected?.type === type && expected.bits === bits && expected.exponent === exponent
}

/** With which the holder of a key of the profile signs. */
export function holderAlgorithm({ type }: PublicKey): SignatureAlgorithm {
  return (type === 'rsa' ? RSA_2048 : EC_P384).algorithm
}

function isPositiveSerial(serial: Uint8Array): boolean {
  // RFC 5280 §4.1.2.2; a leading zero octet of a 20-octet value counts, as the encoder wrote it
  return serial.length <= 20 && (serial[0] ?? 0x80) < 0x80 && serial.some((octet) => octet !== 0)
}

/** RFC 5280 §4.1.2.5. */
const GENERALIZED_FROM = Date.UTC(2050, 0)

function hasFormOfYear({ at, form }: DerTime): boolean {
  return at.getTime() < GENERALIZED_FROM ? form === 'utc' : form === 'generalized'
}

function hasExactKeyUsage({ keyUsage }: Certificate, kind: CertificateKind): boolean {
  const expected =
    kind === 'signature'
      ? [KEY_USAGE.digitalSignature, KEY_USAGE.nonRepudiation]
      : [KEY_USAGE.digitalSignature]
  return (
    keyUsage !== null && keyUsage.size === expected.length && expected.every((b) => keyUsage.has(b))
  )
}

function hasPurpose({ extendedKeyUsage }: Certificate, kind: CertificateKind): boolean {
  if (kind === 'signature') return extendedKeyUsage.length === 0
  return extendedKeyUsage.length === 1 && extendedKeyUsage[0] === KEY_PURPOSE.clientAuth
}

function hasKnownCriticalSet({ extensions }: Certificate): boolean {
  // Each stands once, so that as many known ones as there are critical ones are all of them.
  let known = 0
  for (const { critical, oid } of extensions) {
    if (!critical) continue
    if (!CRITICAL.includes(oid)) return false
    known += 1
  }
  return known === CRITICAL.length
}

function namesIssuerKey({ authorityKeyIdentifier }: Certificate): boolean {
  return authorityKeyIdentifier !== null && authorityKeyIdentifier.keyIdentifier !== null
}

function hasDistributionPoint({ crlDistributionPoints }: Certificate): boolean {
  const [point] = crlDistributionPoints
  return (
    crlDistributionPoints.length === 1 &&
    point !== undefined &&
    point.reasons === null &&
    point.crlIssuer === null &&
    soleDirectoryName(point.name) !== null
  )
}
