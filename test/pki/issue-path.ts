import * as asn1js from 'asn1js'
import {
  encode,
  integer,
  name,
  octets,
  oid,
  raw,
  sequence,
  tagged,
  taggedBytes,
  time,
  whole,
  type Asn1,
} from './encode.ts'
import { extension, NOW } from './issue.ts'
import {
  algorithm,
  pssAlgorithm,
  signed,
  signedWithPss,
  testKey,
  type PssOptions,
  type TestDigest,
  type TestKey,
} from './keys.ts'

export type NameParts = readonly (readonly [string, string])[]

/** Somebody with a name and a key, and the certificate that says so. */
export interface Entity {
  readonly name: NameParts
  readonly key: TestKey
  readonly serial: number
  readonly der: Uint8Array
}

export interface PathCertificate {
  /** Absent: a root, which signs itself. */
  readonly issuer?: Entity
  /** Key that signs; absent: the issuer's. */
  readonly signer?: TestKey
  readonly serial?: number
  readonly key?: TestKey
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** A certification authority, with a path length where one is given. */
  readonly authority?: boolean | number
  readonly keyUsage?: number | null
  /** The extensions of a path: all but keyUsage, basicConstraints and the key identifiers. */
  readonly extensions?: readonly Asn1[]
  /** Left out of what is put in by default. */
  readonly without?: readonly string[]
  readonly version?: number
  readonly digest?: TestDigest
  readonly innerDigest?: TestDigest
  readonly pss?: PssOptions
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

/** Bits of the first octet of KeyUsage. */
export const USAGE = { digitalSignature: 0x80, keyCertSign: 0x04, crlSign: 0x02 } as const

/** A certificate of any kind, valid for years around `NOW`; the name may be given as its common name alone. */
export function issue(subject: string | NameParts, options: PathCertificate = {}): Entity {
  const parts = typeof subject === 'string' ? commonName(subject) : subject
  const key = options.key ?? testKey(`p256:${JSON.stringify(parts)}`)
  const serial = options.serial ?? 1
  const issuer = options.issuer ?? { name: parts, key }
  const signer = options.signer ?? issuer.key
  const digest = options.digest ?? 'sha256'
  const named = options.pss === undefined ? null : pssAlgorithm(options.pss)
  const extensions = extensionsOf(options, issuer.key, key)
  const tbs = sequence(
    ...(options.version === 1 ? [] : [tagged(0, whole((options.version ?? 3) - 1))]),
    whole(serial),
    named ?? algorithm(options.innerDigest ?? digest, signer),
    name(issuer.name),
    sequence(
      time(options.notBefore ?? new Date('2020-01-01T00:00:00Z')),
      time(options.notAfter ?? new Date('2040-01-01T00:00:00Z')),
    ),
    name(parts),
    raw(key.spki),
    ...(extensions.length === 0 ? [] : [tagged(3, sequence(...extensions))]),
  )
  const certificate =
    named === null ? signed(tbs, signer, digest, options.spoil) : signedWithPss(tbs, signer, named)
  return { name: parts, key, serial, der: encode(certificate) }
}

export function commonName(text: string): NameParts {
  return [['CN', text]]
}

function extensionsOf(options: PathCertificate, issuerKey: TestKey, key: TestKey): Asn1[] {
  if (options.version !== undefined && options.version < 3) return []
  const { authority = false, without = [] } = options
  const isAuthority = authority !== false
  const usage =
    options.keyUsage === undefined
      ? isAuthority
        ? USAGE.keyCertSign | USAGE.crlSign
        : USAGE.digitalSignature
      : options.keyUsage
  const own: [string, Asn1][] = [
    ['2.5.29.14', extension('2.5.29.14', false, octets(key.keyId))],
    ...(usage === null ? [] : [['2.5.29.15', keyUsage(usage)] satisfies [string, Asn1]]),
    ...(isAuthority ? [['2.5.29.19', basicConstraints(authority)] satisfies [string, Asn1]] : []),
    ['2.5.29.35', extension('2.5.29.35', false, sequence(taggedBytes(0, issuerKey.keyId)))],
  ]
  return [
    ...own.filter(([type]) => !without.includes(type)).map(([, value]) => value),
    ...(options.extensions ?? []),
  ]
}

export function keyUsage(octet: number): Asn1 {
  const unused = 31 - Math.clz32(octet & -octet)
  return extension('2.5.29.15', true, raw(Uint8Array.of(3, 2, unused, octet)))
}

export function basicConstraints(authority: boolean | number, critical = true): Asn1 {
  const flag = authority === false ? [] : [raw(Uint8Array.of(1, 1, 0xff))]
  const length = typeof authority === 'number' ? [whole(authority)] : []
  return extension('2.5.29.19', critical, sequence(...flag, ...length))
}

/** certificatePolicies, by their OIDs. */
export function policies(...oids: readonly string[]): Asn1 {
  return extension('2.5.29.32', true, sequence(...oids.map((one) => sequence(oid(one)))))
}

export function policyMappings(...pairs: readonly (readonly [string, string])[]): Asn1 {
  const mappings = pairs.map(([from, to]) => sequence(oid(from), oid(to)))
  return extension('2.5.29.33', true, sequence(...mappings))
}

export function policyConstraints(
  { requireExplicit, inhibitMapping }: { requireExplicit?: number; inhibitMapping?: number },
  critical = true,
): Asn1 {
  return extension(
    '2.5.29.36',
    critical,
    sequence(
      ...(requireExplicit === undefined ? [] : [taggedBytes(0, Uint8Array.of(requireExplicit))]),
      ...(inhibitMapping === undefined ? [] : [taggedBytes(1, Uint8Array.of(inhibitMapping))]),
    ),
  )
}

export function inhibitAnyPolicy(skip: number, critical = true): Asn1 {
  return extension('2.5.29.54', critical, whole(skip))
}

/** A GeneralName by its kind. */
export const general = {
  email: (text: string): Asn1 => taggedBytes(1, Buffer.from(text)),
  dns: (text: string): Asn1 => taggedBytes(2, Buffer.from(text)),
  directory: (parts: NameParts): Asn1 => tagged(4, name(parts)),
  uri: (text: string): Asn1 => taggedBytes(6, Buffer.from(text)),
  ip: (...bytes: readonly number[]): Asn1 => taggedBytes(7, Uint8Array.from(bytes)),
  other: (type: string): Asn1 =>
    tagged(0, oid(type), tagged(0, new asn1js.Utf8String({ value: 'x' }))),
  registeredId: (): Asn1 => taggedBytes(8, Uint8Array.of(0x2a, 3)),
} as const

export function subjectAltNames(...names: readonly Asn1[]): Asn1 {
  return extension('2.5.29.17', false, sequence(...names))
}

export function nameConstraints(
  { permitted = [], excluded = [] }: { permitted?: readonly Asn1[]; excluded?: readonly Asn1[] },
  critical = true,
): Asn1 {
  const subtrees = (n: number, names: readonly Asn1[]): Asn1[] =>
    names.length === 0 ? [] : [tagged(n, ...names.map((one) => sequence(one)))]
  return extension(
    '2.5.29.30',
    critical,
    sequence(...subtrees(0, permitted), ...subtrees(1, excluded)),
  )
}

/** DistributionPointName: full names, or one RDN below the issuer. */
export type PointName = readonly Asn1[] | { readonly relative: readonly [string, string] }

function pointName(point: PointName): Asn1 {
  if (!('relative' in point)) return tagged(0, tagged(0, ...point))
  const [type, value] = point.relative
  const rdn = encode(name([[type, value]]))
  // The one RDN of a name, without the SEQUENCE and the SET around it.
  return tagged(0, tagged(1, raw(rdn.subarray(4))))
}

/** cRLDistributionPoints; reasons by the bits of two octets, most significant first. */
export function distributionPoints(
  ...points: readonly { name?: PointName; reasons?: number; crlIssuer?: NameParts }[]
): Asn1 {
  return extension(
    '2.5.29.31',
    false,
    sequence(
      ...points.map(({ name: point, reasons, crlIssuer }) =>
        sequence(
          ...(point === undefined ? [] : [pointName(point)]),
          ...(reasons === undefined ? [] : [reasonFlags(1, reasons)]),
          ...(crlIssuer === undefined ? [] : [tagged(2, general.directory(crlIssuer))]),
        ),
      ),
    ),
  )
}

function reasonFlags(n: number, bits: number): Asn1 {
  const octetsOfBits = (bits & 0xff) === 0 ? [bits >> 8] : [bits >> 8, bits & 0xff]
  const last = octetsOfBits.at(-1) ?? 0
  const unused = last === 0 ? 0 : 31 - Math.clz32(last & -last)
  return taggedBytes(n, Uint8Array.of(unused, ...octetsOfBits))
}

export interface ListOptions {
  readonly issuer: Entity
  readonly signer?: TestKey
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | null
  readonly number?: number | null
  /** A delta list to this base. */
  readonly base?: number
  readonly revoked?: readonly {
    readonly serial: number
    readonly reason?: number
    readonly extensions?: readonly Asn1[]
  }[]
  readonly scope?: {
    readonly name?: PointName
    readonly only?: 'user' | 'authority' | 'attribute'
    readonly reasons?: number
    readonly indirect?: boolean
  }
  readonly keyId?: Uint8Array | null
  readonly version?: 1 | 2
  readonly digest?: TestDigest
  readonly innerDigest?: TestDigest
  readonly extensions?: readonly Asn1[]
}

const FLAG = Uint8Array.of(0xff)

/** A CRL of an entity, current around `NOW`. */
export function issueList(options: ListOptions): Uint8Array {
  const { issuer, number = 5, revoked = [], scope, digest = 'sha256' } = options
  const signer = options.signer ?? issuer.key
  const keyId = options.keyId === undefined ? signer.keyId : options.keyId
  const next = options.nextUpdate === undefined ? daysFromNow(10) : options.nextUpdate
  const flag = (n: number, set: boolean): Asn1[] => (set ? [taggedBytes(n, FLAG)] : [])
  const extensions = [
    ...(keyId === null ? [] : [extension('2.5.29.35', false, sequence(taggedBytes(0, keyId)))]),
    ...(number === null ? [] : [extension('2.5.29.20', false, whole(number))]),
    ...(options.base === undefined ? [] : [extension('2.5.29.27', true, whole(options.base))]),
    ...(scope === undefined
      ? []
      : [
          extension(
            '2.5.29.28',
            true,
            sequence(
              ...(scope.name === undefined ? [] : [pointName(scope.name)]),
              ...flag(1, scope.only === 'user'),
              ...flag(2, scope.only === 'authority'),
              ...(scope.reasons === undefined ? [] : [reasonFlags(3, scope.reasons)]),
              ...flag(4, scope.indirect === true),
              ...flag(5, scope.only === 'attribute'),
            ),
          ),
        ]),
    ...(options.extensions ?? []),
  ]
  const entries = revoked.map(({ serial, reason, extensions: more = [] }) => {
    const named =
      reason === undefined
        ? []
        : [extension('2.5.29.21', false, raw(Uint8Array.of(0x0a, 1, reason)))]
    const ofEntry = [...named, ...more]
    return sequence(
      integer(Uint8Array.of(serial)),
      time(daysFromNow(-20)),
      ...(ofEntry.length === 0 ? [] : [sequence(...ofEntry)]),
    )
  })
  const isSecond = options.version !== 1
  const tbs = sequence(
    ...(isSecond ? [whole(1)] : []),
    algorithm(options.innerDigest ?? digest, signer),
    name(issuer.name),
    time(options.thisUpdate ?? daysFromNow(-1)),
    ...(next === null ? [] : [time(next)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(isSecond && extensions.length > 0 ? [tagged(0, sequence(...extensions))] : []),
  )
  return encode(signed(tbs, signer, digest))
}

export function daysFromNow(days: number): Date {
  return new Date(NOW.getTime() + days * 86_400_000)
}
