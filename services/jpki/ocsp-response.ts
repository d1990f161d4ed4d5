import { MAX_CERTIFICATE, readCertificate, type Certificate } from './certificate.ts'
import { readReason } from './crl-entries.ts'
import { TAG, DerReader, contextConstructed, contextPrimitive, inside } from './der.ts'
import {
  readAlgorithm,
  readGeneralizedTime,
  readInteger,
  readOctetAlignedBits,
  readOid,
  readSmallInteger,
  type AlgorithmIdentifier,
} from './der-values.ts'
import { readExtensions, readExtensionValue, type Extension } from './extensions.ts'
import { nameOf, type DistinguishedName } from './name.ts'
import { OCSP_BASIC_RESPONSE, OCSP_NONCE } from './oids.ts'
import { isNull } from './public-key.ts'
import type { RevocationReason } from './revocation.ts'
import { SharedValues } from './shared-values.ts'

/** Largest OCSP response that is read, in bytes. */
export const MAX_OCSP_RESPONSE = 16 * 1024

/** CertID (RFC 6960 §4.1.1): which certificate an answer is about. */
export interface CertificateId {
  readonly digest: string
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: Uint8Array
}

export interface SingleResponse {
  readonly id: CertificateId
  readonly status:
    | { readonly kind: 'good' }
    | { readonly kind: 'revoked'; readonly revokedAt: Date; readonly reason: RevocationReason }
    | { readonly kind: 'unknown' }
  readonly thisUpdate: Date
  readonly nextUpdate: Date | null
  readonly extensions: readonly Extension[]
}

/** A BasicOCSPResponse as read, nothing of it verified (RFC 6960 §4.2.1). */
export interface BasicOcspResponse {
  readonly tbs: Uint8Array
  readonly responder:
    | { readonly by: 'name'; readonly name: DistinguishedName }
    | { readonly by: 'key'; readonly keyHash: Uint8Array }
  readonly producedAt: Date
  readonly responses: readonly SingleResponse[]
  readonly extensions: readonly Extension[]
  readonly nonce: Uint8Array | null
  readonly algorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly certificates: readonly Certificate[]
}

/** Reads an OCSPResponse; null when the responder refused to answer. Throws `MalformedDer`. */
export function parseOcspResponse(der: Uint8Array): BasicOcspResponse | null {
  const outer = DerReader.over(der, MAX_OCSP_RESPONSE)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const status = readSmallInteger(body, TAG.enumerated)
  const wrapped = body.optionalEnter(contextConstructed(0))
  body.finish()
  if (status !== 0) return null
  if (wrapped === null) return body.fail('response bytes')
  const bytes = wrapped.enter(TAG.sequence)
  wrapped.finish()
  if (readOid(bytes) !== OCSP_BASIC_RESPONSE) bytes.fail('a basic response')
  const basic = bytes.enter(TAG.octetString)
  bytes.finish()
  const response = readBasic(basic.enter(TAG.sequence))
  basic.finish()
  return response
}

function readBasic(body: DerReader): BasicOcspResponse {
  const tbs = body.read(TAG.sequence)
  const algorithm = readAlgorithm(body)
  const signature = readOctetAlignedBits(body)
  const wrapped = body.optionalEnter(contextConstructed(0))
  const certificates = wrapped?.enter(TAG.sequence).list(4, readResponder) ?? []
  wrapped?.finish()
  body.finish()
  return { ...readResponseData(inside(tbs)), tbs: tbs.encoding, algorithm, signature, certificates }
}

/** A responder answers with one certificate for weeks. */
const responders = new SharedValues(readCertificate, 64, MAX_CERTIFICATE)

function readResponder(reader: DerReader): Certificate {
  return responders.read(reader, TAG.sequence)
}

function readResponseData(
  reader: DerReader,
): Omit<BasicOcspResponse, 'tbs' | 'algorithm' | 'signature' | 'certificates'> {
  // version [0] DEFAULT v1: DER leaves it out, and no other is defined
  const responder = readResponderId(reader)
  const producedAt = readGeneralizedTime(reader)
  const responses = reader.enter(TAG.sequence).list(16, readSingleResponse)
  const wrapped = reader.optionalEnter(contextConstructed(1))
  const extensions = wrapped === null ? [] : readExtensions(wrapped)
  reader.finish()
  const nonce = extensions.find((extension) => extension.oid === OCSP_NONCE)
  return {
    responder,
    producedAt,
    responses,
    extensions,
    nonce:
      nonce === undefined
        ? null
        : readExtensionValue(nonce, (r) => r.read(TAG.octetString).contents),
  }
}

function readResponderId(reader: DerReader): BasicOcspResponse['responder'] {
  const byName = reader.optionalEnter(contextConstructed(1))
  if (byName !== null) {
    const name = nameOf(byName.read(TAG.sequence))
    byName.finish()
    return { by: 'name', name }
  }
  const byKey = reader.enter(contextConstructed(2))
  const keyHash = byKey.read(TAG.octetString).contents
  byKey.finish()
  return { by: 'key', keyHash }
}

function readSingleResponse(list: DerReader): SingleResponse {
  const body = list.enter(TAG.sequence)
  const id = readCertificateId(body)
  const status = readStatus(body)
  const thisUpdate = readGeneralizedTime(body)
  const next = body.optionalEnter(contextConstructed(0))
  const nextUpdate = next === null ? null : readGeneralizedTime(next)
  next?.finish()
  const wrapped = body.optionalEnter(contextConstructed(1))
  const extensions = wrapped === null ? [] : readExtensions(wrapped)
  body.finish()
  return { id, status, thisUpdate, nextUpdate, extensions }
}

function readCertificateId(reader: DerReader): CertificateId {
  const body = reader.enter(TAG.sequence)
  const { oid: digest, parameters } = readAlgorithm(body)
  // RFC 5754 §2: the parameters of a digest are absent or NULL
  if (parameters !== null && !isNull(parameters)) body.fail('a digest algorithm without parameters')
  const issuerNameHash = body.read(TAG.octetString).contents
  const issuerKeyHash = body.read(TAG.octetString).contents
  const serial = readInteger(body)
  body.finish()
  return { digest, issuerNameHash, issuerKeyHash, serial }
}

function readStatus(reader: DerReader): SingleResponse['status'] {
  const element = reader.read()
  const body = inside(element)
  switch (element.tag) {
    case contextPrimitive(0):
    case contextPrimitive(2):
      body.finish() // IMPLICIT NULL
      return { kind: element.tag === contextPrimitive(0) ? 'good' : 'unknown' }
    case contextConstructed(1): {
      const revokedAt = readGeneralizedTime(body)
      const wrapped = body.optionalEnter(contextConstructed(0))
      const reason = wrapped === null ? 'unspecified' : readReason(wrapped)
      wrapped?.finish()
      body.finish()
      return { kind: 'revoked', revokedAt, reason }
    }
    default:
      return reader.fail('a CertStatus')
  }
}
