import {
  TAG,
  contextConstructed,
  contextPrimitive,
  inside,
  type DerElement,
  type DerReader,
} from './der.ts'
import {
  readDefaultFalse,
  readInteger,
  readNamedBits,
  readOid,
  readSmallInteger,
} from './der-values.ts'
import {
  MAX_GENERAL_NAMES,
  readDistributionPointName,
  readGeneralName,
  type DistributionPointName,
  type GeneralName,
} from './general-name.ts'
import { ACCESS_METHOD_OCSP, EXTENSION } from './oids.ts'
import { SharedValues } from './shared-values.ts'

/** One extension as it stands (RFC 5280 §4.1.2.9). */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: DerElement
}

const MAX_EXTENSIONS = 32
const MAX_POLICIES = 64
const MAX_SUBTREES = 256

/** Extensions in order, to the end of the reader; the same OID twice is malformed (RFC 5280 §4.2). */
export function readExtensions(reader: DerReader, tag: number = TAG.sequence): Extension[] {
  const extensions = reader.enter(tag).list(MAX_EXTENSIONS, readExtension)
  reader.finish()
  if (hasTwice(extensions)) reader.fail('each extension once')
  return extensions
}

/** There are a few; a Set costs more than looking at each pair. */
function hasTwice(extensions: readonly Extension[]): boolean {
  for (let i = 1; i < extensions.length; i++) {
    for (let j = 0; j < i; j++) if (extensions[i]?.oid === extensions[j]?.oid) return true
  }
  return false
}

function readExtension(reader: DerReader): Extension {
  const body = reader.enter(TAG.sequence)
  const oid = readOid(body)
  const critical = readDefaultFalse(body)
  const value = body.read(TAG.octetString)
  body.finish()
  return { oid, critical, value }
}

/** Numbers of the KeyUsage bits (RFC 5280 §4.2.1.3). */
export const KEY_USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyCertSign: 5,
  crlSign: 6,
} as const

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | null
  readonly issuer: readonly GeneralName[] | null
  readonly serial: Uint8Array | null
}

export interface DistributionPoint {
  readonly name: DistributionPointName | null
  /** Bits of ReasonFlags that it is for; null: all. */
  readonly reasons: ReadonlySet<number> | null
  readonly crlIssuer: readonly GeneralName[] | null
}

/** Name constraints as they stand (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** PolicyConstraints (RFC 5280 §4.2.1.11): numbers of certificates; null where absent. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | null
  readonly inhibitPolicyMapping: number | null
}

export interface PolicyMapping {
  readonly issuerDomain: string
  readonly subjectDomain: string
}

/** Every extension that we understand, read; `null` or empty where it is absent. */
export interface KnownExtensions {
  readonly keyUsage: ReadonlySet<number> | null
  readonly extendedKeyUsage: readonly string[]
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly policies: readonly string[]
  readonly policyMappings: readonly PolicyMapping[]
  readonly policyConstraints: PolicyConstraints | null
  readonly inhibitAnyPolicy: number | null
  readonly nameConstraints: NameConstraints | null
  readonly subjectAltName: readonly GeneralName[]
  readonly crlDistributionPoints: readonly DistributionPoint[]
  readonly freshestCrl: readonly DistributionPoint[]
  readonly ocspUris: readonly string[]
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null
  readonly subjectKeyIdentifier: Uint8Array | null
}

/** What a certificate without extensions says. */
export const NO_EXTENSIONS: KnownExtensions = {
  keyUsage: null,
  extendedKeyUsage: [],
  basicConstraints: null,
  policies: [],
  policyMappings: [],
  policyConstraints: null,
  inhibitAnyPolicy: null,
  nameConstraints: null,
  subjectAltName: [],
  crlDistributionPoints: [],
  freshestCrl: [],
  ocspUris: [],
  authorityKeyIdentifier: null,
  subjectKeyIdentifier: null,
}

/** Reads the known extensions into what holds `NO_EXTENSIONS`; a known one whose value is not its type is malformed. */
export function readKnownExtensions<T extends Mutable<KnownExtensions>>(
  extensions: readonly Extension[],
  into: T,
): T {
  for (const { oid, value } of extensions) READERS.get(oid)?.(into, value)
  return into
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the value of an extension, to its end. */
type ValueReader<T> = (value: DerElement) => T

function once<T>(read: (reader: DerReader) => T): ValueReader<T> {
  return (value) => {
    const reader = inside(value)
    const whole = read(reader)
    reader.finish()
    return whole
  }
}

/** The same of an extension that an authority writes alike in what it issues; many have as many forms as municipalities. */
function shared<T>(read: (reader: DerReader) => T, places?: number): ValueReader<T> {
  const values = new SharedValues(read, places)
  return ({ bytes, offset, end }) => values.at(bytes, offset, end)
}

const keyUsage = shared((reader) => readNamedBits(reader))
const extendedKeyUsage = shared(readPurposes)
const basicConstraints = shared(readBasicConstraints)
const policies = shared(readPolicies)
const policyMappings = once(readMappings)
const policyConstraints = once(readPolicyConstraints)
const skippedCertificates = once((reader) => readSmallInteger(reader))
const nameConstraints = once(readNameConstraints)
const generalNames = once(readGeneralNames)
const distributionPoints = shared(readDistributionPoints, 4096)
const ocspUris = shared(readOcspUris)
const authorityKeyIdentifier = shared(readAuthorityKeyIdentifier)
const octets = once((reader) => reader.read(TAG.octetString).contents)

/** By OID; a Map, since texts that were put together at run time are slow as keys of an object. */
const READERS = new Map<string, (known: Mutable<KnownExtensions>, value: DerElement) => void>([
  [EXTENSION.keyUsage, (known, value) => (known.keyUsage = keyUsage(value))],
  [
    EXTENSION.extendedKeyUsage,
    (known, value) => (known.extendedKeyUsage = extendedKeyUsage(value)),
  ],
  [
    EXTENSION.basicConstraints,
    (known, value) => (known.basicConstraints = basicConstraints(value)),
  ],
  [EXTENSION.certificatePolicies, (known, value) => (known.policies = policies(value))],
  [EXTENSION.policyMappings, (known, value) => (known.policyMappings = policyMappings(value))],
  [
    EXTENSION.policyConstraints,
    (known, value) => (known.policyConstraints = policyConstraints(value)),
  ],
  [
    EXTENSION.inhibitAnyPolicy,
    (known, value) => (known.inhibitAnyPolicy = skippedCertificates(value)),
  ],
  [EXTENSION.nameConstraints, (known, value) => (known.nameConstraints = nameConstraints(value))],
  [EXTENSION.subjectAltName, (known, value) => (known.subjectAltName = generalNames(value))],
  [
    EXTENSION.crlDistributionPoints,
    (known, value) => (known.crlDistributionPoints = distributionPoints(value)),
  ],
  [EXTENSION.freshestCrl, (known, value) => (known.freshestCrl = distributionPoints(value))],
  [EXTENSION.authorityInformationAccess, (known, value) => (known.ocspUris = ocspUris(value))],
  [
    EXTENSION.authorityKeyIdentifier,
    (known, value) => (known.authorityKeyIdentifier = authorityKeyIdentifier(value)),
  ],
  [EXTENSION.subjectKeyIdentifier, (known, value) => (known.subjectKeyIdentifier = octets(value))],
])

/** Reads the one value inside an extension's OCTET STRING, to its end. */
export function readExtensionValue<T>(extension: Extension, read: (reader: DerReader) => T): T {
  const reader = inside(extension.value)
  const value = read(reader)
  reader.finish()
  return value
}

function readPurposes(reader: DerReader): string[] {
  return reader.enter(TAG.sequence).list(16, readOid)
}

function readBasicConstraints(reader: DerReader): KnownExtensions['basicConstraints'] {
  const body = reader.enter(TAG.sequence)
  const ca = readDefaultFalse(body)
  const pathLength = body.nextTag === TAG.integer ? readSmallInteger(body) : null
  body.finish()
  return { ca, pathLength }
}

function readPolicies(reader: DerReader): string[] {
  const policies = reader.enter(TAG.sequence).list(MAX_POLICIES, (list) => {
    const body = list.enter(TAG.sequence)
    const oid = readOid(body)
    if (!body.atEnd) body.read(TAG.sequence) // qualifiers: shown to people, never decided on
    body.finish()
    return oid
  })
  // RFC 5280 §4.2.1.4: a policy at most once
  if (new Set(policies).size !== policies.length) reader.fail('each policy once')
  return policies
}

/** Any number of mappings of one policy, but none from or to anyPolicy (RFC 5280 §4.2.1.5): the path decides on that. */
function readMappings(reader: DerReader): PolicyMapping[] {
  return reader.enter(TAG.sequence).list(MAX_POLICIES, (list) => {
    const body = list.enter(TAG.sequence)
    const mapping = { issuerDomain: readOid(body), subjectDomain: readOid(body) }
    body.finish()
    return mapping
  })
}

function readPolicyConstraints(reader: DerReader): PolicyConstraints {
  const body = reader.enter(TAG.sequence)
  const skipCertificates = (n: number): number | null =>
    body.nextTag === contextPrimitive(n) ? readSmallInteger(body, contextPrimitive(n)) : null
  const constraints = {
    requireExplicitPolicy: skipCertificates(0),
    inhibitPolicyMapping: skipCertificates(1),
  }
  body.finish()
  const { requireExplicitPolicy, inhibitPolicyMapping } = constraints
  if (requireExplicitPolicy === null && inhibitPolicyMapping === null) {
    body.fail('one constraint at least')
  }
  return constraints
}

function readNameConstraints(reader: DerReader): NameConstraints {
  const body = reader.enter(TAG.sequence)
  const subtrees = (n: number): GeneralName[] =>
    body.optionalEnter(contextConstructed(n))?.list(MAX_SUBTREES, readSubtree) ?? []
  const constraints = { permitted: subtrees(0), excluded: subtrees(1) }
  body.finish()
  if (constraints.permitted.length + constraints.excluded.length === 0) {
    body.fail('one subtree at least')
  }
  return constraints
}

/** GeneralSubtree: the minimum is 0 and left out, and there is no maximum (RFC 5280 §4.2.1.10). */
function readSubtree(reader: DerReader): GeneralName {
  const body = reader.enter(TAG.sequence)
  const base = readGeneralName(body)
  body.finish()
  return base
}

function readGeneralNames(reader: DerReader): GeneralName[] {
  return reader.enter(TAG.sequence).list(MAX_GENERAL_NAMES, readGeneralName)
}

function readDistributionPoints(reader: DerReader): DistributionPoint[] {
  return reader.enter(TAG.sequence).list(16, readDistributionPoint)
}

function readDistributionPoint(reader: DerReader): DistributionPoint {
  const body = reader.enter(TAG.sequence)
  const nameReader = body.optionalEnter(contextConstructed(0))
  const name = nameReader === null ? null : readDistributionPointName(nameReader)
  nameReader?.finish()
  const reasons = optionalReasons(body, 1)
  const crlIssuer =
    body.optionalEnter(contextConstructed(2))?.list(MAX_GENERAL_NAMES, readGeneralName) ?? null
  body.finish()
  // RFC 5280 §4.2.1.13: reasons alone say nothing
  if (name === null && crlIssuer === null) body.fail('a name or a CRL issuer')
  return { name, reasons, crlIssuer }
}

function readOcspUris(reader: DerReader): string[] {
  return reader
    .enter(TAG.sequence)
    .list(16, (list) => {
      const body = list.enter(TAG.sequence)
      const method = readOid(body)
      const location = readGeneralName(body)
      body.finish()
      return method === ACCESS_METHOD_OCSP && location.kind === 'uri' ? location.uri : null
    })
    .filter((uri) => uri !== null)
}

export function readAuthorityKeyIdentifier(reader: DerReader): AuthorityKeyIdentifier {
  const body = reader.enter(TAG.sequence)
  const keyIdentifier = body.optional(contextPrimitive(0))?.contents ?? null
  const issuer =
    body.optionalEnter(contextConstructed(1))?.list(MAX_GENERAL_NAMES, readGeneralName) ?? null
  const serial =
    body.nextTag === contextPrimitive(2) ? readInteger(body, 64, contextPrimitive(2)) : null
  body.finish()
  return { keyIdentifier, issuer, serial }
}

/** IssuingDistributionPoint of a CRL (RFC 5280 §5.2.5). */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | null
  readonly onlyUserCertificates: boolean
  readonly onlyCaCertificates: boolean
  /** Bits of ReasonFlags that it covers; null: all. */
  readonly reasons: ReadonlySet<number> | null
  readonly indirect: boolean
  readonly onlyAttributeCertificates: boolean
}

export function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  const body = reader.enter(TAG.sequence)
  const nameReader = body.optionalEnter(contextConstructed(0))
  const name = nameReader === null ? null : readDistributionPointName(nameReader)
  nameReader?.finish()
  const onlyUserCertificates = readDefaultFalse(body, contextPrimitive(1))
  const onlyCaCertificates = readDefaultFalse(body, contextPrimitive(2))
  const reasons = optionalReasons(body, 3)
  const indirect = readDefaultFalse(body, contextPrimitive(4))
  const onlyAttributeCertificates = readDefaultFalse(body, contextPrimitive(5))
  body.finish()
  return {
    name,
    onlyUserCertificates,
    onlyCaCertificates,
    reasons,
    indirect,
    onlyAttributeCertificates,
  }
}

function optionalReasons(body: DerReader, n: number): Set<number> | null {
  return body.nextTag === contextPrimitive(n) ? readNamedBits(body, contextPrimitive(n)) : null
}
