import { constantTimeEqual } from '../kernel/bytes.ts'
import { STRICT_ALGORITHMS, type AlgorithmPolicy } from './algorithm-policy.ts'
import type { Certificate } from './certificate.ts'
import { namesOneAlgorithm } from './der-values.ts'
import { der, derOid } from './der-writer.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import { KEY_USAGE } from './extensions.ts'
import { sameName } from './name.ts'
import { EXTENSION, KEY_PURPOSE, OCSP_NONCE, SHA1, SHA256 } from './oids.ts'
import {
  parseOcspResponse,
  type BasicOcspResponse,
  type CertificateId,
  type SingleResponse,
} from './ocsp-response.ts'
import type { Budget } from './path/budget.ts'
import { isSignedBy, type Link } from './path/build-path.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import {
  revokedOrSuspended,
  timeliness,
  type FreshnessPolicy,
  type RevocationStatus,
  type StatusTime,
  type UnknownCause,
} from './revocation.ts'
import type { RevocationTarget } from './revocation-target.ts'
import { signatureAlgorithm, verifySignature } from './signature.ts'

/** Who issued the certificate that is asked about. */
export type OcspIssuer = Pick<Link, 'certificate' | 'key'>

/** Digests by which a CertID may name the issuer; SHA-1 is what responders expect, and nothing is signed with it. */
const NAMING_DIGESTS: Readonly<Record<string, string>> = { [SHA1]: 'sha1', [SHA256]: 'sha256' }

function certificateId(
  certificate: RevocationTarget,
  issuer: OcspIssuer,
  digest: string,
): CertificateId | null {
  const algorithm = NAMING_DIGESTS[digest]
  if (algorithm === undefined) return null
  return {
    digest,
    issuerNameHash: certificate.issuer.digest(algorithm),
    issuerKeyHash: issuer.key.digest(algorithm),
    serial: certificate.serial,
  }
}

/** Encodes an OCSPRequest for one certificate with a nonce (RFC 6960 §4.1, RFC 9654). */
export function encodeOcspRequest(
  certificate: RevocationTarget,
  issuer: OcspIssuer,
  nonce: Uint8Array,
): Uint8Array {
  const certId = der(
    0x30,
    der(0x30, derOid(SHA1), der(0x05)),
    der(0x04, certificate.issuer.digest('sha1')),
    der(0x04, issuer.key.digest('sha1')),
    der(0x02, certificate.serial),
  )
  const extension = der(0x30, derOid(OCSP_NONCE), der(0x04, der(0x04, nonce)))
  const requests = der(0x30, der(0x30, certId))
  return der(0x30, der(0x30, requests, der(0xa2, der(0x30, extension))))
}

export interface OcspQuestion extends StatusTime {
  readonly certificate: RevocationTarget
  readonly issuer: OcspIssuer
  /** What the request carried; the response must bring it back. Null: an answer to a request that was not ours. */
  readonly nonce: Uint8Array | null
  readonly freshness: FreshnessPolicy
  readonly algorithms?: AlgorithmPolicy
  readonly delegates?: DelegateCache
  /** What the signatures of it are charged to; throws `BudgetExhausted`. */
  readonly budget?: Budget
}

/** Responders whose certificates were verified, as long as they are kept; what depends on the time is checked again each time. */
export class DelegateCache {
  readonly #verified = new WeakMap<
    Certificate,
    { readonly issuer: PublicKey; readonly key: PublicKey }
  >()

  /** The key of a certificate that was verified with this issuer's. */
  find(certificate: Certificate, issuer: PublicKey): PublicKey | undefined {
    const verified = this.#verified.get(certificate)
    return verified?.issuer === issuer ? verified.key : undefined
  }

  keep(certificate: Certificate, issuer: PublicKey, key: PublicKey): void {
    this.#verified.set(certificate, { issuer, key })
  }
}

/**
 * Status of a certificate by an OCSP response (RFC 6960 §3.2): signed by the issuer or by its delegate, about this
 * certificate, fresh, and an answer to this request. Everything else is unknown with its cause, never good.
 */
export function ocspStatus(response: Uint8Array, question: OcspQuestion): RevocationStatus {
  return orUnknown(() => statusOf(parseOcspResponse(response), question))
}

/** The same by a response that was read before; null: the responder refused to answer. */
export function statusByResponse(
  response: BasicOcspResponse | null,
  question: OcspQuestion,
): RevocationStatus {
  return orUnknown(() => statusOf(response, question))
}

/**
 * What responses that came along, and were not asked for by us, say about a certificate. A responder is verified once for
 * all of them.
 */
export function givenAnswers(
  responses: readonly (BasicOcspResponse | null)[],
  asked: Omit<OcspQuestion, 'certificate' | 'issuer' | 'nonce' | 'delegates'> & {
    readonly budget: Budget
  },
): (certificate: Certificate, issuer: OcspIssuer) => RevocationStatus[] {
  const common = { ...asked, nonce: null, delegates: new DelegateCache() }
  return (certificate, issuer) =>
    responses.map((response) => {
      asked.budget.step()
      return statusByResponse(response, { ...common, certificate, issuer })
    })
}

function orUnknown(work: () => RevocationStatus): RevocationStatus {
  try {
    return work()
  } catch (error) {
    if (error instanceof MalformedDer) return unknown('MALFORMED')
    if (error instanceof AlgorithmNotAllowed) return unknown('UNSUPPORTED')
    throw error
  }
}

function unknown(cause: UnknownCause): RevocationStatus {
  return { status: 'unknown', source: 'ocsp', cause }
}

function statusOf(response: BasicOcspResponse | null, question: OcspQuestion): RevocationStatus {
  if (response === null) return unknown('RESPONDER_REFUSED')
  const answers = answersAbout(response, question)
  if (answers.length === 0)
    return unknown(isForeign(response, question) ? 'WRONG_ISSUER' : 'NO_ANSWER')
  const signer = signerKey(response, question)
  if (signer === null) return unknown('WRONG_ISSUER')
  const algorithm = signatureAlgorithm(response.algorithm, question.algorithms)
  question.budget?.signature(signer)
  if (!verifySignature(signer, algorithm, response.tbs, response.signature))
    return unknown('BAD_SIGNATURE')
  if (question.nonce !== null && !bringsBack(response, question.nonce)) {
    return unknown('WRONG_NONCE')
  }
  if (response.extensions.some(({ critical, oid }) => critical && oid !== OCSP_NONCE)) {
    return unknown('UNSUPPORTED')
  }
  if (response.producedAt.getTime() < question.certificate.notBefore.at.getTime())
    return unknown('STALE')
  return worst(answers.map((single) => answer(single, question)))
}

function bringsBack({ nonce }: BasicOcspResponse, sent: Uint8Array): boolean {
  return nonce !== null && constantTimeEqual(nonce, sent)
}

/** The issuer's own key, or that of a delegate it issued for this (RFC 6960 §4.2.2.2). */
function signerKey(response: BasicOcspResponse, question: OcspQuestion): PublicKey | null {
  const { issuer } = question
  if (isResponder(response, issuer.certificate, issuer.key)) return issuer.key
  for (const certificate of response.certificates) {
    const key = delegateKey(certificate, question)
    if (
      key !== null &&
      wasInTime(certificate, response, question) &&
      isResponder(response, certificate, key)
    ) {
      return key
    }
  }
  return null
}

/** Whether the delegate is valid; for an answer of the time since a proof of existence, whether it was when it answered. */
function wasInTime(
  { notBefore, notAfter }: Certificate,
  { producedAt }: BasicOcspResponse,
  { at, since }: OcspQuestion,
): boolean {
  const moment = since === undefined || producedAt.getTime() > at.getTime() ? at : producedAt
  return notBefore.at.getTime() <= moment.getTime() && moment.getTime() <= notAfter.at.getTime()
}

/** Key of a certificate that the issuer gave a responder, or null. */
function delegateKey(
  certificate: Certificate,
  { issuer, algorithms, delegates, budget }: OcspQuestion,
): PublicKey | null {
  const known = delegates?.find(certificate, issuer.key)
  if (known !== undefined) return known
  if (!isDelegate(certificate, issuer)) return null
  budget?.signature(issuer.key)
  if (!isSignedBy(certificate, issuer.key, algorithms ?? STRICT_ALGORITHMS)) return null
  const key = importPublicKey(certificate.spki, algorithms)
  delegates?.keep(certificate, issuer.key, key)
  return key
}

/** Neither by the issuer nor with the certificate of a delegate. */
function isForeign(response: BasicOcspResponse, { issuer }: OcspQuestion): boolean {
  return (
    response.certificates.length === 0 && !isResponder(response, issuer.certificate, issuer.key)
  )
}

function isResponder(
  { responder }: BasicOcspResponse,
  certificate: Certificate,
  key: PublicKey,
): boolean {
  return responder.by === 'name'
    ? sameName(responder.name, certificate.subject)
    : constantTimeEqual(responder.keyHash, key.digest('sha1'))
}

const DELEGATE_CRITICAL: readonly string[] = [
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.basicConstraints,
  EXTENSION.certificatePolicies,
]

function isDelegate(certificate: Certificate, issuer: OcspIssuer): boolean {
  const { keyUsage } = certificate
  return (
    sameName(certificate.issuer, issuer.certificate.subject) &&
    certificate.extendedKeyUsage.includes(KEY_PURPOSE.ocspSigning) &&
    certificate.basicConstraints?.ca !== true &&
    (keyUsage === null || keyUsage.has(KEY_USAGE.digitalSignature)) &&
    certificate.extensions.every(
      ({ critical, oid }) => !critical || DELEGATE_CRITICAL.includes(oid),
    ) &&
    namesOneAlgorithm(certificate)
  )
}

function answersAbout(
  { responses }: BasicOcspResponse,
  { certificate, issuer }: OcspQuestion,
): SingleResponse[] {
  const asked = new Map<string, CertificateId | null>()
  return responses.filter(({ id }) => {
    let own = asked.get(id.digest)
    if (own === undefined) {
      own = certificateId(certificate, issuer, id.digest)
      asked.set(id.digest, own)
    }
    return own !== null && sameId(id, own)
  })
}

function sameId(a: CertificateId, b: CertificateId): boolean {
  return (
    constantTimeEqual(a.issuerNameHash, b.issuerNameHash) &&
    constantTimeEqual(a.issuerKeyHash, b.issuerKeyHash) &&
    constantTimeEqual(a.serial, b.serial)
  )
}

/** Of several answers about the certificate the worst one counts: revoked, then unknown, then good. */
function worst(statuses: readonly RevocationStatus[]): RevocationStatus {
  const order = ['revoked', 'suspended', 'unknown', 'good'] as const
  const [first] = statuses.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  return first ?? unknown('NO_ANSWER')
}

/** Extensions of a single response that change nothing here: the time stamps of certificate transparency (RFC 6962 §3.3). */
const UNDERSTOOD_SINGLE: ReadonlySet<string> = new Set(['1.3.6.1.4.1.11129.2.4.5'])

function answer(single: SingleResponse, question: OcspQuestion): RevocationStatus {
  if (single.extensions.some(({ critical, oid }) => critical && !UNDERSTOOD_SINGLE.has(oid))) {
    return unknown('UNSUPPORTED')
  }
  const { thisUpdate, nextUpdate, status } = single
  const tooOldOrNew = timeliness(thisUpdate, nextUpdate, question, question.freshness)
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
