import { createHash } from 'node:crypto'
import { lengthPrefixed, toHex } from '../../services/kernel/bytes.ts'
import { sha256 } from '../../services/kernel/digest.ts'
import type { TrustEnvironment } from '../../services/kernel/trust-environment.ts'
import {
  openTrustAnchor,
  type CertificateKind,
  type TrustAnchor,
} from '../../services/jpki/trust-anchor.ts'
import {
  encode,
  generalizedTime,
  integer,
  name,
  octets,
  oid,
  raw,
  sequence,
  tagged,
  taggedBytes,
  text,
  time,
  whole,
  type Asn1,
} from './encode.ts'
import { algorithm, keyBits, signed, testKey, type TestDigest, type TestKey } from './keys.ts'

/** The moment at which everything issued here is valid, unless it is told otherwise. */
export const NOW = new Date('2026-06-01T03:00:00Z')

export interface TestAuthority {
  readonly kind: CertificateKind
  readonly environment: TrustEnvironment
  readonly key: TestKey
  readonly nameParts: readonly (readonly [string, string])[]
  readonly certificate: Uint8Array
  readonly anchor: TrustAnchor
}

/** Whoever answers for certificates. */
type NamedKey = Pick<TestAuthority, 'key' | 'nameParts'>

export interface AuthorityOptions {
  readonly environment?: TrustEnvironment
  /** Another generation has another key and the same name. */
  readonly generation?: number
  /** In place of an RSA key of the generation's own, as `testKey` takes it. */
  readonly keyLabel?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
}

const UNIT = {
  signature: 'JPKI for digital signature',
  authentication: 'JPKI for user authentication',
} as const

const ORGANISATIONS = {
  production: 'JPKI',
  'jpki-test': 'JPKI-TEST',
  simulator: 'JPKI-SIM',
} as const

/** A self-signed root in JPKI's profile, opened as an anchor by its own pin. */
export function issueAuthority(
  kind: CertificateKind,
  options: AuthorityOptions = {},
): TestAuthority {
  const { environment = 'simulator', generation = 1 } = options
  const key = testKey(options.keyLabel ?? `ca:${kind}:${environment}:${generation}`)
  const nameParts = [
    ['C', 'JP'],
    ['O', ORGANISATIONS[environment]],
    ['OU', UNIT[kind]],
    ['OU', 'Japan Agency for Local Authority Information Systems'],
  ] as const
  const tbs = tbsCertificate({
    serial: Uint8Array.of(generation),
    issuer: name(nameParts),
    subject: name(nameParts),
    notBefore: options.notBefore ?? new Date('2023-07-16T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2033-07-15T14:59:59Z'),
    spki: key.spki,
    signer: key,
    extensions: [
      extension('2.5.29.15', true, raw(Uint8Array.of(3, 2, 1, 6))),
      extension('2.5.29.19', true, raw(Uint8Array.of(0x30, 3, 1, 1, 0xff))),
      extension('2.5.29.14', false, octets(key.keyId)),
    ],
  })
  const certificate = encode(signed(tbs, key))
  const pin = { sha256: toHex(sha256(certificate)), environment, kind }
  const anchor = openTrustAnchor(certificate, pin)
  return { kind, environment, key, nameParts, certificate, anchor }
}

interface TbsParts {
  readonly serial: Uint8Array
  readonly issuer: Asn1
  readonly subject: Asn1
  readonly notBefore: Date
  readonly notAfter: Date
  readonly spki: Uint8Array
  readonly extensions: readonly Asn1[]
  readonly innerDigest?: TestDigest
  /** Whose kind names the algorithm inside; RSA when absent. */
  readonly signer?: TestKey
  readonly version?: number
}

export function tbsCertificate(parts: TbsParts): Asn1 {
  return sequence(
    tagged(0, whole(parts.version ?? 2)),
    integer(parts.serial),
    algorithm(parts.innerDigest ?? 'sha256', parts.signer),
    parts.issuer,
    sequence(time(parts.notBefore), time(parts.notAfter)),
    parts.subject,
    raw(parts.spki),
    tagged(3, sequence(...parts.extensions)),
  )
}

export function extension(type: string, critical: boolean, value: Asn1): Asn1 {
  const flag = critical ? [raw(Uint8Array.of(1, 1, 0xff))] : []
  return sequence(oid(type), ...flag, octets(encode(value)))
}

/** 基本4情報 of the public test card, as its certificate writes them. */
export const BASIC_FOUR_TEXTS: Readonly<Record<number, string>> = {
  1: '黒桐　幹也',
  4: '319800217',
  3: '1',
  5: '東京都清瀬市中里五丁目８４２番地',
  2: '00000',
  6: '0000000000000000',
}

export interface CertificateOptions {
  readonly serial?: Uint8Array
  readonly keyLabel?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly town?: string
  readonly policy?: string
  readonly subject?: Asn1
  /** Texts of the other names by number; null leaves one out. */
  readonly basicFour?: Readonly<Record<number, string | null>>
  /** Replaces, adds or (null) removes extensions by OID, after the profile's own. */
  readonly extensions?: Readonly<Record<string, Asn1 | null>>
  readonly extra?: readonly Asn1[]
  readonly innerDigest?: TestDigest
  readonly outerDigest?: TestDigest
  readonly version?: number
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

export interface TestCertificate {
  readonly der: Uint8Array
  readonly key: TestKey
  readonly serial: Uint8Array
  readonly town: string
}

const POLICIES = {
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
} as const

/** A person's certificate in the profile of the authority's family, with whatever the options bend. */
export function issueCertificate(
  authority: TestAuthority,
  options: CertificateOptions = {},
): TestCertificate {
  const serial = options.serial ?? Uint8Array.of(0x12, 0x34, 0x56, 0x78)
  const key = testKey(options.keyLabel ?? `ee:${authority.kind}`)
  const town = options.town ?? 'Kiyose-shi'
  const outer = options.outerDigest ?? 'sha256'
  const tbs = tbsCertificate({
    serial,
    issuer: name(authority.nameParts),
    subject: options.subject ?? subjectName(authority.kind, town),
    notBefore: options.notBefore ?? new Date('2025-10-27T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2030-02-17T14:59:59Z'),
    spki: key.spki,
    extensions: extensionsOf(authority, options, town, key),
    innerDigest: options.innerDigest ?? outer,
    signer: authority.key,
    ...(options.version === undefined ? {} : { version: options.version }),
  })
  return { der: encode(signed(tbs, authority.key, outer, options.spoil)), key, serial, town }
}

function subjectName(kind: CertificateKind, town: string): Asn1 {
  return kind === 'signature'
    ? name([
        ['C', 'JP'],
        ['L', 'Tokyo-to'],
        ['L', town],
        ['CN', '2025102700000000000000000001'],
      ])
    : name([
        ['C', 'JP'],
        ['CN', '997794E9AGCIEG13221003A'],
      ])
}

function extensionsOf(
  authority: TestAuthority,
  options: CertificateOptions,
  town: string,
  key: TestKey,
): Asn1[] {
  const signing = authority.kind === 'signature'
  const profile: [string, Asn1][] = [
    [
      '2.5.29.15',
      extension(
        '2.5.29.15',
        true,
        raw(Uint8Array.of(3, 2, signing ? 6 : 7, signing ? 0xc0 : 0x80)),
      ),
    ],
    signing
      ? ['2.5.29.17', extension('2.5.29.17', false, subjectAltName(options.basicFour))]
      : ['2.5.29.37', extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.2')))],
    [
      '2.5.29.32',
      policyExtension(options.policy ?? POLICIES[authority.kind][authority.environment]),
    ],
    ['2.5.29.31', extension('2.5.29.31', false, sequence(sequence(pointName(authority, town))))],
    ['2.5.29.35', extension('2.5.29.35', false, sequence(taggedBytes(0, authority.key.keyId)))],
    ['2.5.29.14', extension('2.5.29.14', false, octets(key.keyId))],
  ]
  if (!signing) {
    const uri = taggedBytes(6, Buffer.from('http://ocspauth.jpki-sim.test'))
    const access = sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri))
    profile.push(['1.3.6.1.5.5.7.1.1', extension('1.3.6.1.5.5.7.1.1', false, access)])
  }
  const bent = new Map<string, Asn1 | null>(profile)
  for (const [type, value] of Object.entries(options.extensions ?? {})) bent.set(type, value)
  return [...[...bent.values()].filter((value) => value !== null), ...(options.extra ?? [])]
}

export function policyExtension(policy: string, critical = true): Asn1 {
  return extension('2.5.29.32', critical, sequence(sequence(oid(policy))))
}

/** The six otherNames in the order of real cards: 1, 4, 3, 5, 2, 6. */
export function subjectAltName(bent: Readonly<Record<number, string | null>> = {}): Asn1 {
  const entries = [1, 4, 3, 5, 2, 6].flatMap((n) => {
    const value = n in bent ? bent[n] : BASIC_FOUR_TEXTS[n]
    return value == null ? [] : [otherName(n, value)]
  })
  return sequence(...entries)
}

export function otherName(n: number, value: string): Asn1 {
  return tagged(0, oid(`1.2.392.200149.8.5.5.${n}`), tagged(0, text(value)))
}

/** `[0] DistributionPointName` with the directoryName of a town's CRL. */
export function pointName(authority: TestAuthority, town: string): Asn1 {
  const point = name([
    ['C', 'JP'],
    ['O', 'JPKI-SIM'],
    ['OU', UNIT[authority.kind]],
    ['OU', 'CRL Distribution Points'],
    ['OU', 'Tokyo-to'],
    ['CN', `${town} CRLDP`],
  ])
  return tagged(0, tagged(0, tagged(4, point)))
}

export interface CrlOptions {
  readonly town?: string | null
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | null
  readonly number?: number | null
  readonly revoked?: readonly {
    readonly serial: Uint8Array
    readonly reason?: number
    readonly at?: Date
    readonly extra?: Asn1
  }[]
  readonly emptyList?: boolean
  readonly pointFlags?: readonly Asn1[]
  readonly extra?: readonly Asn1[]
  readonly signer?: TestKey
  readonly keyId?: Uint8Array | null
  readonly digest?: TestDigest
  readonly innerDigest?: TestDigest
  readonly version?: 1 | 2 | 3
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

/** A CRL of a town (or, with `town: null`, of all) in JPKI's profile, with whatever the options bend. */
export function issueCrl(authority: TestAuthority, options: CrlOptions = {}): Uint8Array {
  const { town = 'Kiyose-shi', number = 7, digest = 'sha256' } = options
  const nextUpdate = options.nextUpdate === undefined ? hoursFromNow(20) : options.nextUpdate
  const keyId = options.keyId === undefined ? authority.key.keyId : options.keyId
  const extensions = [
    ...(keyId === null ? [] : [extension('2.5.29.35', false, sequence(taggedBytes(0, keyId)))]),
    ...(number === null ? [] : [extension('2.5.29.20', false, whole(number))]),
    ...(town === null
      ? []
      : [
          extension(
            '2.5.29.28',
            true,
            sequence(pointName(authority, town), ...(options.pointFlags ?? [])),
          ),
        ]),
    ...(options.extra ?? []),
  ]
  const entries = (options.revoked ?? []).map(({ serial, reason, at, extra }) => {
    const reasonCode =
      reason === undefined
        ? []
        : [extension('2.5.29.21', false, raw(Uint8Array.of(0x0a, 1, reason)))]
    const entryExtensions = [...reasonCode, ...(extra === undefined ? [] : [extra])]
    return sequence(
      integer(serial),
      time(at ?? hoursFromNow(-5)),
      ...(entryExtensions.length === 0 ? [] : [sequence(...entryExtensions)]),
    )
  })
  const tbs = sequence(
    ...(options.version === 1 ? [] : [whole((options.version ?? 2) - 1)]),
    algorithm(options.innerDigest ?? digest, options.signer ?? authority.key),
    name(authority.nameParts),
    time(options.thisUpdate ?? hoursFromNow(-4)),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 && options.emptyList !== true ? [] : [sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [tagged(0, sequence(...extensions))]),
  )
  return encode(signed(tbs, options.signer ?? authority.key, digest, options.spoil))
}

export function hoursFromNow(hours: number): Date {
  return new Date(NOW.getTime() + hours * 3_600_000)
}

export interface OcspOptions {
  readonly status?: 'good' | 'unknown' | { readonly reason?: number; readonly revokedAt?: Date }
  /** Several answers instead of one. */
  readonly statuses?: readonly NonNullable<OcspOptions['status']>[]
  readonly serial?: Uint8Array
  /** By which digest the certificate's issuer is named, without its NULL, and another name than its own. */
  readonly naming?: {
    readonly digest?: keyof typeof NAMING
    readonly parameters?: 'absent'
    readonly name?: Asn1
  }
  readonly nonce?: Uint8Array | null
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | null
  readonly producedAt?: Date
  /** The responder by its name; absent: by the digest of its key. */
  readonly responder?: readonly (readonly [string, string])[]
  readonly delegate?: {
    readonly der: Uint8Array
    readonly key: TestKey
    readonly include?: boolean
  }
  readonly responseStatus?: number
  readonly responseType?: string
  readonly singleExtensions?: readonly Asn1[]
  readonly responseExtensions?: readonly Asn1[]
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

const NAMING = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const

/** An OCSP response about a serial, signed by the authority or its delegate. */
export function issueOcspResponse(authority: NamedKey, options: OcspOptions): Uint8Array {
  if (options.responseStatus !== undefined && options.responseStatus !== 0) {
    return encode(sequence(raw(Uint8Array.of(0x0a, 1, options.responseStatus))))
  }
  const signer = options.delegate?.key ?? authority.key
  const statuses = options.statuses ?? [options.status ?? 'good']
  const nonce =
    options.nonce == null ? [] : [extension('1.3.6.1.5.5.7.48.1.2', false, octets(options.nonce))]
  const extensions = [...nonce, ...(options.responseExtensions ?? [])]
  const data = sequence(
    options.responder === undefined
      ? tagged(2, octets(signer.keyId))
      : tagged(1, name(options.responder)),
    generalizedTime(options.producedAt ?? hoursFromNow(0)),
    sequence(...statuses.map((status) => singleResponse(authority, status, options))),
    ...(extensions.length === 0 ? [] : [tagged(1, sequence(...extensions))]),
  )
  const certificates =
    options.delegate !== undefined && options.delegate.include !== false
      ? [tagged(0, sequence(raw(options.delegate.der)))]
      : []
  const basic = signed(data, signer, 'sha256', options.spoil) as unknown as {
    valueBlock: { value: Asn1[] }
  }
  const response = encode(sequence(...basic.valueBlock.value, ...certificates))
  const type = oid(options.responseType ?? '1.3.6.1.5.5.7.48.1.1')
  return encode(
    sequence(raw(Uint8Array.of(0x0a, 1, 0)), tagged(0, sequence(type, octets(response)))),
  )
}

function singleResponse(
  authority: NamedKey,
  status: NonNullable<OcspOptions['status']>,
  options: OcspOptions,
): Asn1 {
  const { serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78), nextUpdate = hoursFromNow(1) } = options
  const { digest: by = 'sha1', name: issuer = name(authority.nameParts) } = options.naming ?? {}
  const digest = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(createHash(by).update(bytes).digest())
  return sequence(
    sequence(
      sequence(
        oid(NAMING[by]),
        ...(options.naming?.parameters === 'absent' ? [] : [raw(Uint8Array.of(5, 0))]),
      ),
      octets(digest(encode(issuer))),
      octets(by === 'sha1' ? authority.key.keyId : digest(keyBits(authority.key))),
      integer(serial),
    ),
    certStatus(status),
    generalizedTime(options.thisUpdate ?? hoursFromNow(-1)),
    ...(nextUpdate === null ? [] : [tagged(0, generalizedTime(nextUpdate))]),
    ...(options.singleExtensions === undefined
      ? []
      : [tagged(1, sequence(...options.singleExtensions))]),
  )
}

function certStatus(status: NonNullable<OcspOptions['status']>): Asn1 {
  if (status === 'good') return taggedBytes(0, new Uint8Array())
  if (status === 'unknown') return taggedBytes(2, new Uint8Array())
  const reason =
    status.reason === undefined ? [] : [tagged(0, raw(Uint8Array.of(0x0a, 1, status.reason)))]
  return tagged(1, generalizedTime(status.revokedAt ?? hoursFromNow(-5)), ...reason)
}

export interface ResponderOptions {
  readonly purpose?: string | null
  /** Octets of KeyUsage after the tag; absent: digitalSignature alone. */
  readonly keyUsage?: readonly number[] | null
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly extra?: readonly Asn1[]
}

/** A delegated OCSP responder of an authority (RFC 6960 §4.2.2.2). */
export function issueResponder(
  authority: NamedKey,
  options: ResponderOptions = {},
): { readonly der: Uint8Array; readonly key: TestKey } {
  const key = testKey('responder')
  const purpose = options.purpose === undefined ? '1.3.6.1.5.5.7.3.9' : options.purpose
  const usage = options.keyUsage === undefined ? [2, 7, 0x80] : options.keyUsage
  const tbs = tbsCertificate({
    serial: Uint8Array.of(0x55),
    issuer: name(authority.nameParts),
    subject: name([['CN', 'OCSP responder']]),
    notBefore: options.notBefore ?? hoursFromNow(-24),
    notAfter: options.notAfter ?? hoursFromNow(240),
    spki: key.spki,
    extensions: [
      ...(usage === null ? [] : [extension('2.5.29.15', true, raw(Uint8Array.of(3, ...usage)))]),
      ...(purpose === null ? [] : [extension('2.5.29.37', false, sequence(oid(purpose)))]),
      ...(options.extra ?? []),
    ],
  })
  return { der: encode(signed(tbs, authority.key)), key }
}

/** A message with the fields of nothing real; what matters is that it is signed. */
export const MESSAGE = lengthPrefixed('watashi/proof/v1', 'simulator', 'a session')
