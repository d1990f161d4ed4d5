import type { Certificate } from '../certificate.ts'
import { givenAnswers } from '../ocsp.ts'
import type { Budget } from '../path/budget.ts'
import { findPath, type CertificationPath, type Link, type PathAnchor } from '../path/build-path.ts'
import { PathRevocation } from '../path/path-revocation.ts'
import type { CrlRules } from '../path/revocation-evidence.ts'
import { ANY_PURPOSE, type PathFailure, type PathInputs } from '../path/validate-path.ts'
import type { RevocationMaterial } from '../revocation-material.ts'
import type { Revocation, RevocationStatus } from '../revocation.ts'
import { failStep, type VerificationSteps } from '../verification-steps.ts'
import type { CheckId, Failure } from '../verdict.ts'
import type { SignedAttributes } from './signed-attributes.ts'
import type { Candidates } from './signer.ts'
import { refersTo } from './signing-certificate.ts'

/** What a verifier knows by itself about certificates; revocation data that a message encloses counts for nothing. */
export interface CertificateKnowledge {
  readonly intermediates: readonly Certificate[]
  /** From the verifier's own sources; `not-checked` when somebody else asks for the status. */
  readonly revocation: RevocationMaterial | 'not-checked'
  /** Algorithms, age of revocation data, form of lists. */
  readonly rules: CrlRules
}

export interface CertificationQuestion extends CertificateKnowledge {
  /** The certificates that the signer named, where it named any. */
  readonly references: SignedAttributes['signingCertificates']
  /** Certificates that fit the signature. */
  readonly candidates: Candidates
  readonly anchors: readonly PathAnchor[]
  readonly purpose?: Omit<PathInputs, 'at'> | undefined
  /** Verification time. */
  readonly at: Date
  /** When the signature is proven to have existed, if that is before `at`. */
  readonly since?: Date | undefined
  readonly excuses?: ((revocation: Revocation) => boolean) | undefined
  /** Why a certificate may not be used for this, or null. */
  readonly profile: (certificate: Certificate) => Failure | null
  readonly budget: Budget
}

/** A certificate that fits the signature, and the path to an anchor that stands behind it. */
export interface CertifiedSigner {
  readonly signer: Certificate
  readonly path: CertificationPath
}

/**
 * Finds who stands behind the signer: a valid path to an anchor at the time at which the signature is known to exist, the
 * profile of what was signed, and the status of every certificate of the path. Who signed when is nobody's word but the
 * signer's, so a certificate that has ended or was revoked leaves the question open (ETSI EN 319 102-1 §5.2.6, §5.5.4).
 */
export function certifySigner(
  question: CertificationQuestion,
  steps: VerificationSteps,
): CertifiedSigner {
  const failAt = (id: CheckId, path: CertificationPath | PathFailure): void => {
    if ('sub' in path && path.check === id) failStep(unproven(path))
  }
  const { signer, path, unfit } = steps.take('certification-path', () => {
    const found = likeliest(question)
    failAt('certification-path', found.path)
    return found
  })
  for (const id of VALIDATION_CHECKS) {
    steps.take(id, () => {
      failAt(id, path)
    })
  }
  steps.take('certificate-profile', () => {
    if (unfit !== null) failStep(unfit)
  })
  const certified = (): CertifiedSigner =>
    'sub' in path ? failStep(unproven(path)) : { signer, path }
  return question.revocation === 'not-checked'
    ? certified()
    : steps.take('revocation-status', certified)
}

const VALIDATION_CHECKS = [
  'issuer-validity',
  'certificate-validity',
  'path-constraints',
  'certificate-policies',
] as const

interface Candidate {
  readonly signer: Certificate
  readonly path: CertificationPath | PathFailure
  readonly unfit: Failure | null
}

/** The first certificate that holds, else the first. */
function likeliest(question: CertificationQuestion): Candidate {
  const [signer, ...others] = question.candidates
  const first = judged(signer, question)
  if (holds(first)) return first
  for (const other of others) {
    const candidate = judged(other, question)
    if (holds(candidate)) return candidate
  }
  return first
}

function judged(signer: Certificate, question: CertificationQuestion): Candidate {
  return { signer, path: pathOf(signer, question), unfit: question.profile(signer) }
}

function holds({ path, unfit }: Candidate): boolean {
  return !('sub' in path) && unfit === null
}

function pathOf(
  target: Certificate,
  question: CertificationQuestion,
): CertificationPath | PathFailure {
  const { references, anchors, at, since, purpose, rules, budget } = question
  const intermediates = question.intermediates.filter((one) => one !== target)
  const status = statusOf(question, intermediates)
  return findPath({
    ...(purpose ?? ANY_PURPOSE),
    target,
    anchors,
    intermediates,
    at: since ?? at,
    algorithms: rules.algorithms,
    budget,
    alsoHolds: (path) => beyondReferences(path, references) ?? status?.failure(path) ?? null,
  })
}

function statusOf(
  question: CertificationQuestion,
  intermediates: readonly Certificate[],
): PathRevocation | null {
  const { revocation, at, since, rules, budget } = question
  if (revocation === 'not-checked') return null
  const { algorithms, freshness } = rules
  const asked = { at, since, freshness, algorithms, budget }
  const answers = givenAnswers(revocation.responses, asked)
  const ocsp = (certificate: Certificate, issuer: Link): RevocationStatus[] =>
    answers(certificate, issuer).map((told) =>
      isOfItsLifetime(told, certificate) ? told : NO_LONGER_KNOWN,
    )
  const evidence = { crls: revocation.crls, ocsp }
  const unmarked = question.purpose?.unmarked === true
  return new PathRevocation({ ...question, evidence, intermediates, rules, unmarked })
}

const NO_LONGER_KNOWN: RevocationStatus = { status: 'unknown', source: 'ocsp', cause: 'STALE' }

/** A responder may forget a certificate that has ended (RFC 6960 §4.4.4): good is an answer of its lifetime alone. */
function isOfItsLifetime(told: RevocationStatus, { notAfter }: Certificate): boolean {
  return told.status !== 'good' || told.thisUpdate <= notAfter.at
}

/**
 * RFC 5035 §5: where the signer names more certificates than its own, its path uses those alone; the anchor is ours and
 * needs no naming.
 */
function beyondReferences(
  { links }: CertificationPath,
  references: CertificationQuestion['references'],
): PathFailure | null {
  const named = references.filter(({ length }) => length > 1)
  const holds = named.every((list) =>
    links.every(({ certificate }) => list.some((reference) => refersTo(reference, certificate))),
  )
  return holds
    ? null
    : {
        check: 'path-constraints',
        sub: 'CHAIN_CONSTRAINTS_FAILURE',
        expected: 'a path of the certificates that the signer named',
      }
}

/** What a certificate's end or revocation means for a signature of which nobody knows when it was made. */
function unproven({ sub, expected }: Failure): Failure {
  switch (sub) {
    case 'EXPIRED':
      return { sub: 'OUT_OF_BOUNDS_NO_POE', expected }
    case 'REVOKED':
      return { sub: 'REVOKED_NO_POE', expected }
    default:
      return { sub, expected }
  }
}
