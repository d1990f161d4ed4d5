import { createHash } from 'node:crypto'
import { constantTimeEqual } from '../kernel/bytes.ts'
import type { Certificate } from './certificate.ts'
import { namesOneAlgorithm } from './der-values.ts'
import { der, derOid } from './der-writer.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import { KEY_USAGE } from './extensions.ts'
import { sameName } from './name.ts'
import { EXTENSION, KEY_PURPOSE, OCSP_NONCE, SHA1 } from './oids.ts'
import {
  parseOcspResponse,
  type BasicOcspResponse,
  type CertificateId,
  type SingleResponse,
} from './ocsp-response.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import {
  freshness,
  revokedOrSuspended,
  type FreshnessPolicy,
  type RevocationStatus,
  type UnknownCause,
} from './revocation.ts'
import type { RevocationTarget } from './revocation-target.ts'
import { signatureAlgorithm, verifySignature } from './signature.ts'
import type { TrustAnchor } from './trust-anchor.ts'

function sha1(bytes: Uint8Array): Uint8Array {
  // A name for the issuer in CertID, as responders expect it; nothing is signed with it.
  return new Uint8Array(createHash('sha1').update(bytes).digest())
}

function certificateId(certificate: RevocationTarget, issuer: TrustAnchor): CertificateId {
  return {
    digest: SHA1,
    issuerNameHash: sha1(certificate.issuer.encoding),
    issuerKeyHash: sha1(issuer.key.keyBits),
    serial: certificate.serial,
  }
}

/** Encodes an OCSPRequest for one certificate with a nonce (RFC 6960 §4.1, RFC 9654). */
export function encodeOcspRequest(
  certificate: RevocationTarget,
  issuer: TrustAnchor,
  nonce: Uint8Array,
): Uint8Array {
  const id = certificateId(certificate, issuer)
  const certId = der(
    0x30,
    der(0x30, derOid(SHA1), der(0x05)),
    der(0x04, id.issuerNameHash),
    der(0x04, id.issuerKeyHash),
    der(0x02, id.serial),
  )
  const extension = der(0x30, derOid(OCSP_NONCE), der(0x04, der(0x04, nonce)))
  const requests = der(0x30, der(0x30, certId))
  return der(0x30, der(0x30, requests, der(0xa2, der(0x30, extension))))
}

export interface OcspQuestion {
  readonly certificate: RevocationTarget
  readonly issuer: TrustAnchor
  /** What the request carried; the response must bring it back. */
  readonly nonce: Uint8Array
  readonly at: Date
  readonly freshness: FreshnessPolicy
}

/**
 * Status of a certificate by an OCSP response (RFC 6960 §3.2): signed by the issuer or by its delegate, about this
 * certificate, fresh, and an answer to this request. Everything else is unknown with its cause, never good.
 */
export function ocspStatus(response: Uint8Array, question: OcspQuestion): RevocationStatus {
  try {
    return statusOf(response, question)
  } catch (error) {
    if (error instanceof MalformedDer) return unknown('MALFORMED')
    if (error instanceof AlgorithmNotAllowed) return unknown('UNSUPPORTED')
    throw error
  }
}

function unknown(cause: UnknownCause): RevocationStatus {
  return { status: 'unknown', source: 'ocsp', cause }
}

function statusOf(der: Uint8Array, question: OcspQuestion): RevocationStatus {
  const response = parseOcspResponse(der)
  if (response === null) return unknown('RESPONDER_REFUSED')
  const signer = signerKey(response, question)
  if (signer === null) return unknown('WRONG_ISSUER')
  const algorithm = signatureAlgorithm(response.algorithm)
  if (!verifySignature(signer, algorithm, response.tbs, response.signature))
    return unknown('BAD_SIGNATURE')
  if (response.nonce === null || !constantTimeEqual(response.nonce, question.nonce)) {
    return unknown('WRONG_NONCE')
  }
  if (response.extensions.some(({ critical, oid }) => critical && oid !== OCSP_NONCE)) {
    return unknown('UNSUPPORTED')
  }
  if (response.producedAt < question.certificate.notBefore.at) return unknown('STALE')
  return worstAnswer(response, question)
}

/** The issuer's own key, or that of a delegate it issued for this (RFC 6960 §4.2.2.2). */
function signerKey(response: BasicOcspResponse, { issuer, at }: OcspQuestion): PublicKey | null {
  if (isResponder(response, issuer.certificate, issuer.key)) return issuer.key
  for (const certificate of response.certificates) {
    const key = importPublicKey(certificate.spki)
    if (isResponder(response, certificate, key) && isDelegate(certificate, issuer, at)) return key
  }
  return null
}

function isResponder(
  { responder }: BasicOcspResponse,
  certificate: Certificate,
  key: PublicKey,
): boolean {
  return responder.by === 'name'
    ? sameName(responder.name, certificate.subject)
    : constantTimeEqual(responder.keyHash, sha1(key.keyBits))
}

const DELEGATE_CRITICAL: readonly string[] = [
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.basicConstraints,
  EXTENSION.certificatePolicies,
]

function isDelegate(certificate: Certificate, issuer: TrustAnchor, at: Date): boolean {
  const { notBefore, notAfter, keyUsage } = certificate
  return (
    sameName(certificate.issuer, issuer.certificate.subject) &&
    certificate.extendedKeyUsage.includes(KEY_PURPOSE.ocspSigning) &&
    certificate.basicConstraints?.ca !== true &&
    (keyUsage === null || keyUsage.has(KEY_USAGE.digitalSignature)) &&
    certificate.extensions.every(
      ({ critical, oid }) => !critical || DELEGATE_CRITICAL.includes(oid),
    ) &&
    notBefore.at <= at &&
    at <= notAfter.at &&
    namesOneAlgorithm(certificate) &&
    verifySignature(
      issuer.key,
      signatureAlgorithm(certificate.outerAlgorithm),
      certificate.tbs,
      certificate.signature,
    )
  )
}

/** Of several answers about the certificate the worst one counts: revoked, then unknown, then good. */
function worstAnswer(response: BasicOcspResponse, question: OcspQuestion): RevocationStatus {
  const asked = certificateId(question.certificate, question.issuer)
  const statuses = response.responses
    .filter((single) => sameId(single.id, asked))
    .map((single) => answer(single, question))
  const order = ['revoked', 'suspended', 'unknown', 'good'] as const
  const [worst] = statuses.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  return worst ?? unknown('NO_ANSWER')
}

function sameId(a: CertificateId, b: CertificateId): boolean {
  return (
    a.digest === b.digest &&
    constantTimeEqual(a.issuerNameHash, b.issuerNameHash) &&
    constantTimeEqual(a.issuerKeyHash, b.issuerKeyHash) &&
    constantTimeEqual(a.serial, b.serial)
  )
}

function answer(single: SingleResponse, { at, freshness: policy }: OcspQuestion): RevocationStatus {
  if (single.extensions.some((extension) => extension.critical)) return unknown('UNSUPPORTED')
  const { thisUpdate, nextUpdate, status } = single
  const tooOldOrNew = freshness(thisUpdate, nextUpdate, at, policy)
  if (tooOldOrNew !== null) return unknown(tooOldOrNew)
  switch (status.kind) {
    case 'good':
      return { status: 'good', source: 'ocsp', thisUpdate, nextUpdate }
    case 'unknown':
      return unknown('NO_ANSWER')
    case 'revoked': {
      const { reason, revokedAt } = status
      const kind = revokedOrSuspended(reason)
      return { status: kind, source: 'ocsp', reason, revokedAt, thisUpdate, nextUpdate }
    }
    default:
      return status satisfies never
  }
}
