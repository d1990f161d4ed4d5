import { readCertificate, readIssuer, type Certificate } from '../certificate.ts'
import { TAG, DerReader, contextConstructed, contextPrimitive, type DerElement } from '../der.ts'
import {
  readAlgorithm,
  readInteger,
  readOid,
  readSmallInteger,
  type AlgorithmIdentifier,
} from '../der-values.ts'
import { MalformedDer } from '../errors.ts'
import type { DistinguishedName } from '../name.ts'
import { CONTENT_TYPE, SIGNER_ATTRIBUTE } from '../oids.ts'
import { readAttribute } from './attribute.ts'
import { readSignedAttributes, type SignedAttributes } from './signed-attributes.ts'

/** Largest message that is read, in bytes, its content not counted. */
export const MAX_CMS = 64 * 1024

const MAX_CERTIFICATES = 32
const MAX_DIGESTS = 8
const MAX_TIME_STAMPS = 4

/** How the signer says which certificate is its own (RFC 5652 §5.3). */
export type SignerIdentifier =
  | { readonly by: 'issuer'; readonly issuer: DistinguishedName; readonly serial: Uint8Array }
  | { readonly by: 'key'; readonly keyIdentifier: Uint8Array }

/** A SignerInfo as read, nothing of it verified. */
export interface SignerInfo {
  readonly id: SignerIdentifier
  readonly digest: AlgorithmIdentifier
  readonly attributes: SignedAttributes
  /** What the signature covers: the signed attributes as a SET (RFC 5652 §5.4). */
  readonly signedBytes: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  /** Time-stamp tokens over the signature; anybody can add and remove them. */
  readonly timeStamps: readonly Uint8Array[]
}

/** SignedData with one signer, nothing of it verified (RFC 5652 §5.1). Revocation data inside is not read at all. */
export interface SignedData {
  readonly contentType: string
  /** Null: the content is elsewhere. */
  readonly content: Uint8Array | null
  readonly certificates: readonly Certificate[]
  readonly signer: SignerInfo
}

export interface SignedDataLimits {
  readonly contentType: string
  /** Octets that the content may have inside the message. */
  readonly maximumContent: number
}

/**
 * Reads a ContentInfo with SignedData of one signer from strict DER; throws `MalformedDer`. Sets outside the signed attributes
 * may be in any order: writers leave them as they come, and nothing depends on it.
 */
export function parseSignedData(
  der: Uint8Array,
  { contentType, maximumContent }: SignedDataLimits,
): SignedData {
  const outer = DerReader.over(der, MAX_CMS + maximumContent)
  const info = outer.enter(TAG.sequence)
  outer.finish()
  if (readOid(info) !== CONTENT_TYPE.signedData) info.fail('signed data')
  const wrapped = info.enter(contextConstructed(0))
  info.finish()
  const body = wrapped.enter(TAG.sequence)
  wrapped.finish()
  const signedData = readSignedData(body)
  const { content } = signedData
  if (der.length - (content?.length ?? 0) > MAX_CMS) {
    throw new MalformedDer(`at most ${MAX_CMS} bytes beside the content`, MAX_CMS)
  }
  if (signedData.contentType !== contentType) body.fail(`content of the type ${contentType}`)
  // RFC 5652 §11.1: the signature covers the type through this attribute alone
  if (signedData.signer.attributes.contentType !== contentType) {
    body.fail('the type of the content among the signed attributes')
  }
  return signedData
}

function readSignedData(body: DerReader): SignedData {
  const version = readSmallInteger(body)
  if (version !== 1 && version !== 3 && version !== 4 && version !== 5) {
    body.fail('version 1, 3, 4 or 5')
  }
  const digests = body.enter(TAG.set).list(MAX_DIGESTS, readAlgorithm)
  const { contentType, content } = readEncapsulated(body.enter(TAG.sequence))
  const certificateSet = body.optionalEnter(contextConstructed(0))
  const certificates =
    certificateSet?.list(MAX_CERTIFICATES, readCertificateChoice).filter((one) => one !== null) ??
    []
  body.optional(contextConstructed(1)) // Revocation data: what an attacker may enclose proves nothing.
  const signers = body.enter(TAG.set)
  body.finish()
  const signer = readSignerInfo(signers.enter(TAG.sequence))
  signers.finish()
  // RFC 5652 §5.1: a digest that is not among those announced may be refused
  if (!digests.some(({ oid }) => oid === signer.digest.oid)) {
    body.fail('the digest of the signer among those of the message')
  }
  return { contentType, content, certificates, signer }
}

function readEncapsulated(body: DerReader): Pick<SignedData, 'contentType' | 'content'> {
  const contentType = readOid(body)
  const wrapped = body.optionalEnter(contextConstructed(0))
  const content = wrapped?.read(TAG.octetString).contents ?? null
  wrapped?.finish()
  body.finish()
  return { contentType, content }
}

/** CertificateChoices; attribute certificates and other formats are left alone. */
function readCertificateChoice(reader: DerReader): Certificate | null {
  if (reader.nextTag === TAG.sequence) return readCertificate(reader)
  const { tag, offset } = reader.read()
  if (tag < contextConstructed(0) || tag > contextConstructed(3)) {
    throw new MalformedDer('a certificate', offset)
  }
  return null
}

function readSignerInfo(body: DerReader): SignerInfo {
  const version = readSmallInteger(body)
  const id = readSignerIdentifier(body)
  // RFC 5652 §5.3: the version tells which identifier follows
  if (version !== (id.by === 'issuer' ? 1 : 3)) body.fail('the version of its signer identifier')
  const digest = readAlgorithm(body)
  // Without signed attributes the same signature would fit a content that is made of them (RFC 5652 §5.4).
  const attributeSet = body.read(contextConstructed(0))
  const algorithm = readAlgorithm(body)
  const signature = body.read(TAG.octetString).contents
  const unsigned = body.optionalEnter(contextConstructed(1))
  body.finish()
  return {
    id,
    digest,
    attributes: readSignedAttributes(attributeSet),
    signedBytes: asSet(attributeSet),
    algorithm,
    signature,
    timeStamps: unsigned === null ? [] : readTimeStamps(unsigned),
  }
}

function readSignerIdentifier(body: DerReader): SignerIdentifier {
  const key = body.optional(contextPrimitive(0))
  if (key !== null) return { by: 'key', keyIdentifier: key.contents }
  const named = body.enter(TAG.sequence)
  const issuer = readIssuer(named)
  const serial = readInteger(named)
  named.finish()
  return { by: 'issuer', issuer, serial }
}

/** The attributes are sent as `[0] IMPLICIT` and signed as the SET that they are. */
function asSet({ encoding }: DerElement): Uint8Array {
  // A copy, since the message is the caller's; from the pool, since it lives as long as the verification.
  const bytes = Buffer.from(encoding)
  bytes[0] = TAG.set
  return bytes
}

function readTimeStamps(unsigned: DerReader): Uint8Array[] {
  const tokens = unsigned
    .list(16, readAttribute)
    .filter(({ type }) => type === SIGNER_ATTRIBUTE.signatureTimeStamp)
    .flatMap(({ values }) => values.map((value) => value.encoding))
  if (tokens.length > MAX_TIME_STAMPS) unsigned.fail(`at most ${MAX_TIME_STAMPS} time-stamps`)
  return tokens
}
