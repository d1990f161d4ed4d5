import { createHash } from 'node:crypto'
import * as asn1js from 'asn1js'
import {
  BasicOCSPResponse,
  Certificate,
  type CertID,
  OCSPRequest,
  OCSPResponse,
  ResponseBytes,
  ResponseData,
  SingleResponse,
} from 'pkijs'
import { toHex } from '../kernel/bytes.ts'
import type { OcspSigner } from './certification-authority.ts'
import type { Issuer } from './certificate.ts'
import {
  type Asn1,
  nameDer,
  octets,
  signatureAlgorithm,
  tagged,
  taggedBytes,
  toArrayBuffer,
  toDer,
} from './der.ts'
import { signatureBits, spkiDer } from './keys.ts'
import { authorityName } from './profile.ts'
import { REVOCATION_REASONS, type RevocationReason } from './state.ts'

export type CertificateStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly reason: RevocationReason; readonly at: Date }

export interface OcspTimes {
  readonly producedAt: Date
  readonly thisUpdate: Date
  readonly nextUpdate: Date
}

export interface OcspResponder {
  readonly issuer: Issuer
  readonly signer: OcspSigner
  /** Status by serial; `unknown` for one that was never issued. */
  readonly status: (serial: number) => CertificateStatus
}

const NONCE = '1.3.6.1.5.5.7.48.1.2'
const MAX_REQUESTS = 16

/** OCSPResponse with a status of RFC 6960 §4.2.1 and nothing else. */
export function ocspError(status: 'malformedRequest' | 'internalError' | 'tryLater'): Uint8Array {
  const value = { malformedRequest: 1, internalError: 2, tryLater: 3 }[status]
  const response = new OCSPResponse({ responseStatus: new asn1js.Enumerated({ value }) })
  return toDer(response.toSchema())
}

/** Answers a DER request (RFC 6960 §2), nonce echoed. What is no request gets `malformedRequest`. */
export function answerOcsp(
  responder: OcspResponder,
  request: Uint8Array,
  times: OcspTimes,
): Uint8Array {
  const parsed = parseRequest(request)
  if (!parsed) return ocspError('malformedRequest')
  const data = new ResponseData({
    responderID: octets(responder.signer.keyId), // byKey; pkijs puts the tag
    producedAt: times.producedAt,
    responses: parsed.certificates.map((id) => singleResponse(responder, id, times)),
  })
  if (parsed.nonce) data.responseExtensions = [parsed.nonce]
  return wrap(responder.signer, data)
}

/** Whether a request asks about a certificate of this issuer: generations of a family have one responder. */
export function asksAbout(request: Uint8Array, issuer: Issuer): boolean {
  const [first] = parseRequest(request)?.certificates ?? []
  return first !== undefined && namesIssuer(issuer, first)
}

function parseRequest(der: Uint8Array) {
  try {
    const { tbsRequest } = OCSPRequest.fromBER(toArrayBuffer(der))
    const certificates = tbsRequest.requestList.map((request) => request.reqCert)
    if (certificates.length === 0 || certificates.length > MAX_REQUESTS) return undefined
    const nonce = tbsRequest.requestExtensions?.find(({ extnID }) => extnID === NONCE)
    return { certificates, nonce }
  } catch {
    // pkijs and asn1js throw plain errors of many kinds for bytes that are no request; the answer says so.
    return undefined
  }
}

function singleResponse(responder: OcspResponder, certID: CertID, times: OcspTimes) {
  const serial = Number(`0x${toHex(certID.serialNumber.valueBlock.valueHexView) || '0'}`)
  const status: CertificateStatus = namesIssuer(responder.issuer, certID)
    ? responder.status(serial)
    : { status: 'unknown' }
  return new SingleResponse({
    certID,
    certStatus: certStatus(status),
    thisUpdate: times.thisUpdate,
    nextUpdate: times.nextUpdate,
  })
}

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
}

function namesIssuer(issuer: Issuer, id: CertID): boolean {
  const hash = HASHES[id.hashAlgorithm.algorithmId]
  if (hash === undefined) return false
  const digest = (bytes: Uint8Array) => createHash(hash).update(bytes).digest('hex')
  const key = subjectPublicKey(spkiDer(issuer.privateKey))
  return (
    digest(nameDer(authorityName(issuer.family))) ===
      toHex(id.issuerNameHash.valueBlock.valueHexView) &&
    digest(key) === toHex(id.issuerKeyHash.valueBlock.valueHexView)
  )
}

function subjectPublicKey(spki: Uint8Array): Uint8Array {
  const { result } = asn1js.fromBER(toArrayBuffer(spki))
  const bits = (result as asn1js.Sequence).valueBlock.value[1] as asn1js.BitString
  return bits.valueBlock.valueHexView
}

function certStatus(status: CertificateStatus) {
  switch (status.status) {
    case 'good':
      return taggedBytes(0, new Uint8Array())
    case 'unknown':
      return taggedBytes(2, new Uint8Array())
    case 'revoked':
      return tagged(
        1,
        new asn1js.GeneralizedTime({ valueDate: status.at }),
        ...(status.reason === 'unspecified'
          ? []
          : [tagged(0, new asn1js.Enumerated({ value: REVOCATION_REASONS[status.reason] }))]),
      )
    default:
      return status satisfies never
  }
}

function wrap(signer: OcspSigner, tbsResponseData: ResponseData): Uint8Array {
  const tbs = toDer(tbsResponseData.toSchema(true) as Asn1)
  tbsResponseData.tbsView = new Uint8Array(tbs)
  const basic = new BasicOCSPResponse({
    tbsResponseData,
    signatureAlgorithm: signatureAlgorithm(signer.privateKey),
    signature: signatureBits(signer.privateKey, tbs),
    ...(signer.certificate && {
      certs: [Certificate.fromBER(toArrayBuffer(signer.certificate))],
    }),
  })
  const response = new OCSPResponse({
    responseStatus: new asn1js.Enumerated({ value: 0 }),
    responseBytes: new ResponseBytes({
      responseType: '1.3.6.1.5.5.7.48.1.1', // id-pkix-ocsp-basic
      response: octets(toDer(basic.toSchema())),
    }),
  })
  return toDer(response.toSchema())
}
