import { STRICT_ALGORITHMS, type AlgorithmPolicy } from './algorithm-policy.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { anchorsOf, readRoots, rootsFor } from './given-anchors.ts'
import { jpkiStatus } from './jpki-status.ts'
import { sameName } from './name.ts'
import { statusByResponse } from './ocsp.ts'
import { Budget, BudgetExhausted } from './path/budget.ts'
import { isSignedBy, type Link } from './path/build-path.ts'
import { crlEvidence, isListSignedBy } from './path/revocation-evidence.ts'
import {
  crlFreshness,
  ocspFreshness,
  readRevocation,
  type UnverifiedRevocation,
} from './revocation-material.ts'
import { combineRevocation, type RevocationStatus, type UnknownCause } from './revocation.ts'
import { failStep, verifyInSteps } from './verification-steps.ts'
import type { Verdict } from './verdict.ts'
import { PATH_RULES, type PathRules, type VerificationProfile } from './verification-profile.ts'

/** One certificate, and what is known of its status. */
export interface StatusRequest extends UnverifiedRevocation {
  readonly certificate: Uint8Array
  /** Who issued it, under each of the keys that are known to be theirs: believed. */
  readonly issuers: readonly Uint8Array[]
  readonly at: Date
  readonly profile: VerificationProfile
  readonly maximumAgeDays: number
}

export interface StatusVerdict extends Verdict {
  readonly revocation: RevocationStatus
}

/**
 * Status of a certificate by revocation lists or OCSP answers, its issuer given: PASSED when it is good. Every malformed or
 * wrong input is a verdict; nothing is thrown for it.
 */
export function certificateStatus(request: StatusRequest): StatusVerdict {
  let revocation = unknown('MALFORMED')
  const { verdict } = verifyInSteps(request.at, (steps) => {
    const certificate = steps.take('certificate-format', () =>
      parseCertificate(request.certificate),
    )
    revocation = statusOf(certificate, request)
    steps.take('revocation-status', () => {
      failUnlessGood(revocation)
    })
  })
  return { ...verdict, revocation }
}

function statusOf(certificate: Certificate, request: StatusRequest): RevocationStatus {
  const { profile } = request
  return profile === 'jpki'
    ? statusOfPerson(certificate, request)
    : statusOfAny(certificate, request, PATH_RULES[profile])
}

function unknown(cause: UnknownCause): RevocationStatus {
  return { status: 'unknown', source: 'crl', cause }
}

function failUnlessGood(revocation: RevocationStatus): void {
  switch (revocation.status) {
    case 'good':
      return
    case 'revoked':
    case 'suspended':
      return failStep({ sub: 'REVOKED', expected: 'a certificate that is not revoked' })
    case 'unknown':
      return failStep({ sub: 'TRY_LATER', expected: EXPECTED[revocation.cause] })
    default:
      return revocation satisfies never
  }
}

const EXPECTED: Readonly<Record<UnknownCause, string>> = {
  MALFORMED: 'revocation data in strict DER',
  WRONG_ISSUER: 'revocation data and a certificate of this issuer',
  WRONG_SCOPE: 'revocation data that covers the certificate, for every reason',
  BAD_SIGNATURE: 'revocation data that its issuer signed, with an allowed algorithm',
  UNSUPPORTED: 'revocation data without parts that this verifier does not know',
  NOT_YET_VALID: 'revocation data from before the verification time',
  STALE: 'revocation data that is fresh at the verification time',
  OLDER_THAN_KNOWN: 'revocation data no older than what is known',
  NO_ANSWER: 'an answer about this certificate',
  WRONG_NONCE: 'an answer to this request',
  RESPONDER_REFUSED: 'an answer of the responder',
  UNREACHABLE: 'revocation data that can be read',
}

function statusOfPerson(certificate: Certificate, request: StatusRequest): RevocationStatus {
  const { anchors } = rootsFor(request.certificate, readRoots(request.issuers))
  const issuer = anchors.find((anchor) => hasIssued(anchor, certificate, STRICT_ALGORITHMS))
  return issuer === undefined
    ? unknown('WRONG_ISSUER')
    : jpkiStatus({ ...request, certificate, issuer })
}

function statusOfAny(
  certificate: Certificate,
  request: StatusRequest,
  { algorithms, unnumbered }: PathRules,
): RevocationStatus {
  const { at, maximumAgeDays } = request
  const issuers = anchorsOf(request.issuers, algorithms)
  const issuer = issuers.find((one) => hasIssued(one, certificate, algorithms))
  if (issuer === undefined) return unknown('WRONG_ISSUER')
  const material = readRevocation(request)
  if (material === null) return unknown('UNSUPPORTED')
  const budget = new Budget()
  try {
    const byAnswer = material.responses.map((response) =>
      statusByResponse(response, {
        ...{ certificate, issuer, nonce: null, at, algorithms, budget },
        freshness: ocspFreshness(maximumAgeDays),
      }),
    )
    const byList = crlEvidence({
      certificate,
      crls: material.crls,
      isAuthentic: (crl) =>
        issuers.some((signer) => {
          if (!sameName(signer.certificate.subject, crl.issuer)) return false
          budget.signature(signer.key)
          return isListSignedBy(crl, signer, algorithms)
        }),
      at,
      rules: { algorithms, unnumbered, freshness: crlFreshness(maximumAgeDays) },
      budget,
    })
    return combineRevocation([...byAnswer, byList])
  } catch (error) {
    if (error instanceof BudgetExhausted) return unknown('UNSUPPORTED')
    throw error
  }
}

function hasIssued(issuer: Link, certificate: Certificate, algorithms: AlgorithmPolicy): boolean {
  return (
    sameName(issuer.certificate.subject, certificate.issuer) &&
    isSignedBy(certificate, issuer.key, algorithms)
  )
}
