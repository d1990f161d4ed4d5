import { createHash, sign } from 'node:crypto'
import { parseCertificate } from '../../services/jpki/certificate.ts'
import type { PathAnchor } from '../../services/jpki/path/build-path.ts'
import { importPublicKey } from '../../services/jpki/public-key.ts'
import {
  encode,
  generalizedTime,
  integer,
  name,
  octets,
  oid,
  raw,
  sequence,
  set,
  tagged,
  taggedBytes,
  time,
  whole,
  type Asn1,
} from './encode.ts'
import { extension, NOW, tbsCertificate, type CertificateOptions } from './issue.ts'
import { signed, testKey, type TestKey } from './keys.ts'

const ID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  timeStampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const

const DIGESTS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const
type Digest = keyof typeof DIGESTS

/** Who signs: a certificate with its key. */
export interface TestSigner {
  readonly der: Uint8Array
  readonly key: TestKey
}

export interface CmsOptions {
  readonly content?: Uint8Array
  readonly detached?: boolean
  readonly contentType?: string
  readonly digest?: Digest
  /** Named beside the signature; the signature is made with `digest`. */
  readonly signatureAlgorithm?: Asn1
  readonly byKeyId?: boolean
  readonly version?: number
  readonly signerVersion?: number
  /** Certificates enclosed; absent: the signer's. */
  readonly certificates?: readonly Uint8Array[]
  readonly announced?: readonly Digest[]
  /** Contents of `[1]` revocation data. */
  readonly revocation?: readonly Asn1[]
  readonly signingTime?: Date | null
  /** Changes the attributes before they are put in order and signed. */
  readonly bend?: (attributes: Asn1[]) => Asn1[]
  /** Leaves the attributes in the order that `bend` gave. */
  readonly unordered?: boolean
  /** Signs the content itself. */
  readonly withoutAttributes?: boolean
  readonly timeStamps?: (signature: Uint8Array) => readonly Uint8Array[]
  readonly signers?: number
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

/** A signed document, with whatever the options bend (RFC 5652). */
export function buildCms(signer: TestSigner, options: CmsOptions = {}): Uint8Array {
  const { content = DOCUMENT, digest = 'sha256', contentType = ID.data } = options
  const info = signerInfo(signer, content, options)
  const certificates = options.certificates ?? [signer.der]
  const version = options.version ?? (contentType === ID.data && options.byKeyId !== true ? 1 : 3)
  const signedData = sequence(
    whole(version),
    set(...(options.announced ?? [digest]).map(digestIdentifier)),
    sequence(oid(contentType), ...(options.detached === true ? [] : [tagged(0, octets(content))])),
    ...(certificates.length === 0 ? [] : [tagged(0, ...certificates.map(raw))]),
    ...(options.revocation === undefined ? [] : [tagged(1, ...options.revocation)]),
    set(...Array.from({ length: options.signers ?? 1 }, () => info)),
  )
  return encode(sequence(oid(ID.signedData), tagged(0, signedData)))
}

function signerInfo(signer: TestSigner, content: Uint8Array, options: CmsOptions): Asn1 {
  const { digest = 'sha256' } = options
  const attributes = signedAttributes(content, options)
  const covered = options.withoutAttributes === true ? content : setOf(attributes)
  const made = new Uint8Array(sign(digest, covered, signer.key.privateKey))
  const signature = options.spoil?.(made) ?? made
  const tokens = options.timeStamps?.(signature) ?? []
  const { issuer, serial } = parseCertificate(signer.der)
  return sequence(
    whole(options.signerVersion ?? (options.byKeyId === true ? 3 : 1)),
    options.byKeyId === true
      ? taggedBytes(0, signer.key.keyId)
      : sequence(raw(issuer.encoding), integer(serial)),
    digestIdentifier(digest),
    ...(options.withoutAttributes === true ? [] : [tagged(0, ...attributes.map(raw))]),
    options.signatureAlgorithm ?? RSA,
    octets(signature),
    ...(tokens.length === 0
      ? []
      : [tagged(1, attribute(ID.signatureTimeStamp, ...tokens.map(raw)))]),
  )
}

/** rsaEncryption, as most signers name an RSA signature (RFC 3370 §3.2). */
const RSA = sequence(oid('1.2.840.113549.1.1.1'), raw(Uint8Array.of(5, 0)))

function signedAttributes(content: Uint8Array, options: CmsOptions): Uint8Array[] {
  const { contentType = ID.data, digest = 'sha256', signingTime = NOW } = options
  const own = [
    attribute(ID.contentType, oid(contentType)),
    ...(signingTime === null ? [] : [attribute(ID.signingTime, time(signingTime))]),
    messageDigest(content, digest),
  ]
  const bent = (options.bend?.(own) ?? own).map(encode)
  return options.unordered === true ? bent : bent.toSorted((a, b) => Buffer.compare(a, b))
}

export function attribute(type: string, ...values: Asn1[]): Asn1 {
  return sequence(oid(type), set(...values))
}

export function contentType(type: string): Asn1 {
  return attribute(ID.contentType, oid(type))
}

export function messageDigest(content: Uint8Array, digest: Digest = 'sha256'): Asn1 {
  return attribute(ID.messageDigest, octets(digestOf(digest, content)))
}

/** ESSCertIDv2 of certificates, or with `sha1` ESSCertID (RFC 5035 §3, §4). */
export function signingCertificate(
  certificates: readonly Uint8Array[],
  digest: Digest = 'sha256',
  issuerSerial: readonly Asn1[] = [],
): Asn1 {
  const references = certificates.map((der) =>
    sequence(
      ...(digest === 'sha1' || digest === 'sha256' ? [] : [digestIdentifier(digest)]),
      octets(digestOf(digest, der)),
      ...issuerSerial,
    ),
  )
  const type = digest === 'sha1' ? ID.signingCertificate : ID.signingCertificateV2
  return attribute(type, sequence(sequence(...references)))
}

function setOf(attributes: readonly Uint8Array[]): Uint8Array {
  return encode(set(...attributes.map(raw)))
}

/** What the signed attributes of a message would be as a content: the confusion of RFC 5652 §5.4. */
export function signedAttributesOf(options: CmsOptions): Uint8Array {
  return setOf(signedAttributes(options.content ?? DOCUMENT, options))
}

function digestIdentifier(digest: Digest): Asn1 {
  return sequence(oid(DIGESTS[digest]))
}

function digestOf(digest: Digest, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(digest).update(bytes).digest())
}

/** A document; what matters is that it is signed. */
export const DOCUMENT = new Uint8Array(Buffer.from('転居届\n'.repeat(100)))

const STAMPING_CA = [
  ['C', 'JP'],
  ['O', 'Time-stamping authority of the tests'],
] as const

/** A certification authority of time-stamping authorities. */
export interface StampingAuthority {
  readonly key: TestKey
  readonly certificate: Uint8Array
  readonly nameParts: readonly (readonly [string, string])[]
  readonly anchor: PathAnchor
}

/** A root, or an authority that `issuer` stands behind. */
export function issueStampingAuthority(
  generation = 1,
  issuer: StampingAuthority | null = null,
): StampingAuthority {
  const key = testKey(`tsa-ca:${generation}`)
  const nameParts =
    issuer === null ? STAMPING_CA : [...STAMPING_CA, ['CN', `Authority ${generation}`] as const]
  const tbs = tbsCertificate({
    serial: Uint8Array.of(generation),
    issuer: name(issuer?.nameParts ?? nameParts),
    subject: name(nameParts),
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    spki: key.spki,
    extensions: [
      extension('2.5.29.15', true, raw(Uint8Array.of(3, 2, 1, 6))),
      extension('2.5.29.19', true, raw(Uint8Array.of(0x30, 3, 1, 1, 0xff))),
      extension('2.5.29.35', false, sequence(taggedBytes(0, (issuer?.key ?? key).keyId))),
      extension('2.5.29.14', false, octets(key.keyId)),
    ],
  })
  const certificate = encode(signed(tbs, issuer?.key ?? key))
  const parsed = parseCertificate(certificate)
  const anchor = { certificate: parsed, key: importPublicKey(parsed.spki) }
  return { key, certificate, nameParts, anchor }
}

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/** The certificate of a unit that makes time-stamps, with whatever the options bend. */
export function issueStamper(
  authority: StampingAuthority,
  options: Pick<
    CertificateOptions,
    'serial' | 'keyLabel' | 'notBefore' | 'notAfter' | 'extensions'
  > = {},
): TestSigner {
  const key = testKey(options.keyLabel ?? 'tsa')
  const profile = new Map<string, Asn1 | null>([
    ['2.5.29.15', extension('2.5.29.15', true, raw(Uint8Array.of(3, 2, 6, 0xc0)))],
    ['2.5.29.37', extension('2.5.29.37', true, sequence(oid(TIME_STAMPING)))],
    ['2.5.29.35', extension('2.5.29.35', false, sequence(taggedBytes(0, authority.key.keyId)))],
    ['2.5.29.14', extension('2.5.29.14', false, octets(key.keyId))],
    ...Object.entries(options.extensions ?? {}),
  ])
  const tbs = tbsCertificate({
    serial: options.serial ?? Uint8Array.of(0x21),
    issuer: name(authority.nameParts),
    subject: name(STAMPER),
    notBefore: options.notBefore ?? new Date('2024-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2034-01-01T00:00:00Z'),
    spki: key.spki,
    extensions: [...profile.values()].filter((value) => value !== null),
  })
  return { der: encode(signed(tbs, authority.key)), key }
}

export const STAMPER = [
  ['C', 'JP'],
  ['CN', 'Time-stamping unit 1'],
] as const

export interface TokenOptions {
  readonly genTime?: Date
  /** The time as it stands; for forms that `genTime` cannot write. */
  readonly rawTime?: Asn1
  readonly imprintDigest?: Digest
  readonly imprint?: Uint8Array
  readonly policy?: string
  readonly accuracy?: Asn1
  readonly nonce?: number
  readonly authority?: Asn1
  readonly extensions?: readonly Asn1[]
  readonly version?: number
  readonly trailing?: readonly Asn1[]
  readonly info?: Uint8Array
  readonly cms?: CmsOptions
}

/** A time-stamp token over bytes (RFC 3161 §2.4.2). */
export function buildToken(
  signer: TestSigner,
  stamped: Uint8Array,
  options: TokenOptions = {},
): Uint8Array {
  const content = options.info ?? encode(timeStampInfo(stamped, options))
  return buildCms(signer, {
    content,
    contentType: ID.timeStampInfo,
    bend: (attributes) => [...attributes, signingCertificate([signer.der])],
    ...options.cms,
  })
}

function timeStampInfo(stamped: Uint8Array, options: TokenOptions): Asn1 {
  const { imprintDigest = 'sha256' } = options
  return sequence(
    whole(options.version ?? 1),
    oid(options.policy ?? '1.3.6.1.4.1.32473.3161'),
    sequence(
      digestIdentifier(imprintDigest),
      octets(options.imprint ?? digestOf(imprintDigest, stamped)),
    ),
    whole(42),
    options.rawTime ?? generalizedTime(options.genTime ?? NOW),
    ...(options.accuracy === undefined ? [] : [options.accuracy]),
    ...(options.nonce === undefined ? [] : [whole(options.nonce)]),
    ...(options.authority === undefined ? [] : [tagged(0, options.authority)]),
    ...(options.extensions === undefined ? [] : [tagged(1, ...options.extensions)]),
    ...(options.trailing ?? []),
  )
}
