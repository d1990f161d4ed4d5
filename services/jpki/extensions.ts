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

/** One extension as it stands (RFC 5280 §4.1.2.9). */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: DerElement
}

const MAX_EXTENSIONS = 32

/** Extensions in order; the same OID twice is malformed (RFC 5280 §4.2). */
export function readExtensions(reader: DerReader): Extension[] {
  const extensions = reader.enter(TAG.sequence).list(MAX_EXTENSIONS, readExtension)
  reader.finish()
  const seen = new Set(extensions.map((extension) => extension.oid))
  if (seen.size !== extensions.length) reader.fail('each extension once')
  return extensions
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
  readonly onlySomeReasons: boolean
  readonly foreignIssuer: boolean
}

/** Every extension that we understand, read; `null` or empty where it is absent. */
export interface KnownExtensions {
  readonly keyUsage: ReadonlySet<number> | null
  readonly extendedKeyUsage: readonly string[]
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly policies: readonly string[]
  readonly subjectAltName: readonly GeneralName[]
  readonly crlDistributionPoints: readonly DistributionPoint[]
  readonly ocspUris: readonly string[]
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null
  readonly subjectKeyIdentifier: Uint8Array | null
}

/** Reads the known extensions; a known one whose value is not its type is malformed. */
export function readKnownExtensions(extensions: readonly Extension[]): KnownExtensions {
  const value = <T>(oid: string, read: (reader: DerReader) => T, absent: T): T => {
    const found = extensions.find((extension) => extension.oid === oid)
    return found === undefined ? absent : readExtensionValue(found, read)
  }
  return {
    keyUsage: value<ReadonlySet<number> | null>(EXTENSION.keyUsage, readKeyUsage, null),
    extendedKeyUsage: value<readonly string[]>(EXTENSION.extendedKeyUsage, readPurposes, []),
    basicConstraints: value<KnownExtensions['basicConstraints']>(
      EXTENSION.basicConstraints,
      readBasicConstraints,
      null,
    ),
    policies: value<readonly string[]>(EXTENSION.certificatePolicies, readPolicies, []),
    subjectAltName: value<readonly GeneralName[]>(EXTENSION.subjectAltName, readGeneralNames, []),
    crlDistributionPoints: value<readonly DistributionPoint[]>(
      EXTENSION.crlDistributionPoints,
      (reader) => reader.enter(TAG.sequence).list(16, readDistributionPoint),
      [],
    ),
    ocspUris: value<readonly string[]>(EXTENSION.authorityInformationAccess, readOcspUris, []),
    authorityKeyIdentifier: value<AuthorityKeyIdentifier | null>(
      EXTENSION.authorityKeyIdentifier,
      readAuthorityKeyIdentifier,
      null,
    ),
    subjectKeyIdentifier: value<Uint8Array | null>(
      EXTENSION.subjectKeyIdentifier,
      (reader) => reader.read(TAG.octetString).contents,
      null,
    ),
  }
}

/** Reads the one value inside an extension's OCTET STRING, to its end. */
export function readExtensionValue<T>(extension: Extension, read: (reader: DerReader) => T): T {
  const reader = inside(extension.value)
  const value = read(reader)
  reader.finish()
  return value
}

function readKeyUsage(reader: DerReader): ReadonlySet<number> {
  return readNamedBits(reader)
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
  const policies = reader.enter(TAG.sequence).list(16, (list) => {
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

function readGeneralNames(reader: DerReader): GeneralName[] {
  return reader.enter(TAG.sequence).list(MAX_GENERAL_NAMES, readGeneralName)
}

function readDistributionPoint(reader: DerReader): DistributionPoint {
  const body = reader.enter(TAG.sequence)
  const nameReader = body.optionalEnter(contextConstructed(0))
  const name = nameReader === null ? null : readDistributionPointName(nameReader)
  nameReader?.finish()
  const reasons = body.optional(contextPrimitive(1))
  const issuer = body.optional(contextConstructed(2))
  body.finish()
  return { name, onlySomeReasons: reasons !== null, foreignIssuer: issuer !== null }
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
  readonly onlySomeReasons: boolean
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
  const reasons = body.optional(contextPrimitive(3))
  const indirect = readDefaultFalse(body, contextPrimitive(4))
  const onlyAttributeCertificates = readDefaultFalse(body, contextPrimitive(5))
  body.finish()
  return {
    name,
    onlyUserCertificates,
    onlyCaCertificates,
    onlySomeReasons: reasons !== null,
    indirect,
    onlyAttributeCertificates,
  }
}
