import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { findIssuer } from './certification-path.ts'
import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import { checkProfile, importProfileKey } from './profile.ts'
import type { PublicKey } from './public-key.ts'
import type { RevocationStatus } from './revocation.ts'
import { SHA256_WITH_RSA, verifySignature } from './signature.ts'
import { readSubjectAttributes, type SubjectAttributes } from './subject-attributes.ts'
import type { CertificateKind, TrustAnchor } from './trust-anchor.ts'
import { CHECKS, passed, stopped, type CheckId, type Failure, type Verdict } from './verdict.ts'

/** What the card handed over: nothing of it is believed. */
export interface UnverifiedApplication {
  readonly certificate: Uint8Array
  /** The bytes that must have been signed: rebuilt by the verifier, never taken from the applicant. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface VerificationContext {
  readonly anchors: readonly TrustAnchor[]
  readonly environment: TrustEnvironment
  readonly kind: CertificateKind
  /** Verification time: when the signature was made, as we know it. */
  readonly at: Date
}

/** A certificate that chains to a pinned anchor and has the profile of its kind; revocation is still to be asked. */
export interface VerifiedCertificate {
  readonly certificate: Certificate
  readonly issuer: TrustAnchor
  readonly key: PublicKey
  /** 基本4情報; null on a 利用者証明用 certificate, which has none. */
  readonly attributes: SubjectAttributes | null
}

export interface Verification {
  readonly verdict: Verdict
  /** Present when and only when the verdict is PASSED. */
  readonly verified: VerifiedCertificate | null
}

/** Carries a failed step out of the list of steps; never leaves this file. */
class StepFailed extends Error {
  readonly step: CheckId
  readonly failure: Failure
  constructor(step: CheckId, failure: Failure) {
    super(failure.expected)
    this.step = step
    this.failure = failure
  }
}

/**
 * Verifies certificate and signature of an application, all steps but revocation, in order and failing closed. Every
 * malformed or wrong input is a verdict; nothing is thrown for it.
 */
export function verifyApplication(
  application: UnverifiedApplication,
  context: VerificationContext,
): Verification {
  return verdictOf(context.at, 'application-signature', () => {
    const verified = certificateSteps(application.certificate, context)
    const { message, signature } = application
    if (!verifySignature(verified.key, SHA256_WITH_RSA, message, signature)) {
      throw new StepFailed('application-signature', {
        sub: 'SIG_CRYPTO_FAILURE',
        expected: 'a signature of the card over this application',
      })
    }
    return verified
  })
}

/** Verifies a certificate alone, all steps but revocation; for re-checks of a certificate on record. */
export function verifyCertificate(der: Uint8Array, context: VerificationContext): Verification {
  return verdictOf(context.at, 'subject-attributes', () => certificateSteps(der, context))
}

function verdictOf(at: Date, last: CheckId, steps: () => VerifiedCertificate): Verification {
  try {
    return { verified: steps(), verdict: passed(at, CHECKS.slice(0, CHECKS.indexOf(last) + 1)) }
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    const before = CHECKS.slice(0, CHECKS.indexOf(error.step))
    return { verified: null, verdict: stopped(at, before, error.step, error.failure) }
  }
}

function certificateSteps(der: Uint8Array, context: VerificationContext): VerifiedCertificate {
  const certificate = step('certificate-format', () => parseCertificate(der))
  const issuer = step('certification-path', () => pathStep(certificate, context))
  checkValidity('issuer-validity', issuer.certificate, context.at)
  checkValidity('certificate-validity', certificate, context.at)
  const key = step('certificate-profile', () => profileStep(certificate, context))
  const attributes = context.kind === 'signature' ? attributesStep(certificate) : null
  return { certificate, issuer, key, attributes }
}

/** Turns the typed errors of reading into the failure of the step that read. */
function step<T>(id: CheckId, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MalformedDer) {
      throw new StepFailed(id, { sub: 'FORMAT_FAILURE', expected: error.message })
    }
    if (error instanceof AlgorithmNotAllowed) {
      throw new StepFailed(id, { sub: 'CRYPTO_CONSTRAINTS_FAILURE', expected: error.message })
    }
    throw error
  }
}

function pathStep(certificate: Certificate, context: VerificationContext): TrustAnchor {
  // INVARIANT: anchors of another environment or family are not even candidates.
  const eligible = context.anchors.filter(
    ({ environment, kind }) => environment === context.environment && kind === context.kind,
  )
  const issuer = findIssuer(certificate, eligible)
  if (issuer !== null) return issuer
  throw new StepFailed('certification-path', {
    sub: 'NO_CERTIFICATE_CHAIN_FOUND',
    expected: 'a certificate issued by a pinned anchor of this environment and kind',
  })
}

function checkValidity(id: CheckId, { notBefore, notAfter }: Certificate, at: Date): void {
  if (at < notBefore.at)
    throw new StepFailed(id, { sub: 'NOT_YET_VALID', expected: 'a validity that has begun' })
  if (at > notAfter.at)
    throw new StepFailed(id, { sub: 'EXPIRED', expected: 'a validity that has not ended' })
}

function profileStep(certificate: Certificate, context: VerificationContext): PublicKey {
  const failure = checkProfile(certificate, context.kind, context.environment)
  if (failure !== null) throw new StepFailed('certificate-profile', failure)
  const key = importProfileKey(certificate)
  if (key !== null) return key
  throw new StepFailed('certificate-profile', {
    sub: 'CRYPTO_CONSTRAINTS_FAILURE',
    expected: 'an RSA key of 2048 bits with exponent 65537',
  })
}

function attributesStep(certificate: Certificate): SubjectAttributes {
  const attributes = readSubjectAttributes(certificate)
  if (typeof attributes !== 'string') return attributes
  throw new StepFailed('subject-attributes', { sub: 'FORMAT_FAILURE', expected: attributes })
}

/**
 * Adds what the revocation sources said to a verdict that PASSED so far: revoked or suspended fails, good passes, and
 * anything else is TRY_LATER.
 */
export function withRevocation(verdict: Verdict, revocation: RevocationStatus): Verdict {
  if (verdict.indication !== 'PASSED') return verdict
  const before = verdict.checks.map(({ id }) => id)
  const stop = (failure: Failure): Verdict =>
    stopped(verdict.at, before, 'revocation-status', failure)
  switch (revocation.status) {
    case 'good':
      return passed(verdict.at, [...before, 'revocation-status'])
    case 'revoked':
    case 'suspended':
      return stop({ sub: 'REVOKED', expected: 'a certificate that is not revoked' })
    case 'unknown':
      return stop({ sub: 'TRY_LATER', expected: 'fresh revocation data for this certificate' })
    default:
      return revocation satisfies never
  }
}
