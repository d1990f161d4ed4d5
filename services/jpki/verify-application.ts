import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { findIssuer } from './certification-path.ts'
import { checkProfile, holderAlgorithm, importProfileKey, KEY_NOT_OF_PROFILE } from './profile.ts'
import type { PublicKey } from './public-key.ts'
import type { RevocationStatus } from './revocation.ts'
import { verifySignature } from './signature.ts'
import { readSubjectAttributes, type SubjectAttributes } from './subject-attributes.ts'
import type { CertificateKind, TrustAnchor } from './trust-anchor.ts'
import {
  failStep,
  verifyInSteps,
  type Outcome,
  type VerificationSteps,
} from './verification-steps.ts'
import { passed, passedCheck, stopped, type Failure, type Verdict } from './verdict.ts'

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
  /** Certificates that were verified before; of one environment. */
  readonly cache?: KnownCertificates
}

/** A certificate that chains to a pinned anchor and has the profile of its kind; revocation is still to be asked. */
export interface VerifiedCertificate {
  readonly certificate: Certificate
  readonly issuer: TrustAnchor
  readonly key: PublicKey
  /** 基本4情報; null on a 利用者証明用 certificate, which has none. */
  readonly attributes: SubjectAttributes | null
}

/** Where certificates that were verified are kept, to be found by their bytes. */
export interface KnownCertificates {
  find(der: Uint8Array): VerifiedCertificate | undefined
  keep(verified: VerifiedCertificate): void
}

export type Verification = Outcome<VerifiedCertificate>

/**
 * Verifies certificate and signature of an application, all steps but revocation, in order and failing closed. Every
 * malformed or wrong input is a verdict; nothing is thrown for it.
 */
export function verifyApplication(
  application: UnverifiedApplication,
  context: VerificationContext,
): Verification {
  return verifyInSteps(context.at, (steps) => {
    const verified = certificateSteps(application.certificate, context, steps)
    steps.take('application-signature', () => {
      signatureStep(application, verified.key)
    })
    return verified
  })
}

/** Verifies a certificate alone, all steps but revocation; for re-checks of a certificate on record. */
export function verifyCertificate(der: Uint8Array, context: VerificationContext): Verification {
  return verifyInSteps(context.at, (steps) => certificateSteps(der, context, steps))
}

function certificateSteps(
  der: Uint8Array,
  context: VerificationContext,
  steps: VerificationSteps,
): VerifiedCertificate {
  const { at, kind } = context
  const known = knownCertificate(der, context)
  const certificate = steps.take(
    'certificate-format',
    () => known?.certificate ?? parseCertificate(der),
  )
  const issuer = steps.take(
    'certification-path',
    () => known?.issuer ?? pathStep(certificate, context),
  )
  steps.take('issuer-validity', () => {
    checkValidity(issuer.certificate, at)
  })
  steps.take('certificate-validity', () => {
    checkValidity(certificate, at)
  })
  const key = steps.take(
    'certificate-profile',
    () => known?.key ?? profileStep(certificate, context),
  )
  const attributes = steps.take('subject-attributes', () =>
    kind === 'signature' ? attributesStep(certificate) : null,
  )
  const verified = { certificate, issuer, key, attributes }
  if (known === undefined) context.cache?.keep(verified)
  return verified
}

/** What was verified before, as long as its anchor still is one that may have issued it. */
function knownCertificate(
  der: Uint8Array,
  { cache, anchors, kind }: VerificationContext,
): VerifiedCertificate | undefined {
  const known = cache?.find(der)
  return known?.issuer.kind === kind && anchors.includes(known.issuer) ? known : undefined
}

function signatureStep({ message, signature }: UnverifiedApplication, key: PublicKey): void {
  if (verifySignature(key, holderAlgorithm(key), message, signature)) return
  failStep({
    sub: 'SIG_CRYPTO_FAILURE',
    expected: 'a signature of the card over this application',
  })
}

function pathStep(certificate: Certificate, context: VerificationContext): TrustAnchor {
  // INVARIANT: anchors of another environment or family are not even candidates.
  const eligible = context.anchors.filter(
    ({ environment, kind }) => environment === context.environment && kind === context.kind,
  )
  const issuer = findIssuer(certificate, eligible)
  if (issuer !== null) return issuer
  return failStep({
    sub: 'NO_CERTIFICATE_CHAIN_FOUND',
    expected: 'a certificate issued by a pinned anchor of this environment and kind',
  })
}

function checkValidity({ notBefore, notAfter }: Certificate, at: Date): void {
  // As numbers: comparing two dates costs twenty times as much.
  const time = at.getTime()
  if (time < notBefore.at.getTime()) {
    failStep({ sub: 'NOT_YET_VALID', expected: 'a validity that has begun' })
  }
  if (time > notAfter.at.getTime())
    failStep({ sub: 'EXPIRED', expected: 'a validity that has not ended' })
}

function profileStep(certificate: Certificate, context: VerificationContext): PublicKey {
  const failure = checkProfile(certificate, context.kind, context.environment)
  if (failure !== null) failStep(failure)
  return importProfileKey(certificate, context.environment) ?? failStep(KEY_NOT_OF_PROFILE)
}

/** 基本4情報 of a 署名用 certificate; the step fails where they are not in form. */
export function attributesStep(certificate: Certificate): SubjectAttributes {
  const attributes = readSubjectAttributes(certificate)
  if (typeof attributes !== 'string') return attributes
  return failStep({ sub: 'FORMAT_FAILURE', expected: attributes })
}

/**
 * Adds what the revocation sources said to a verdict that PASSED so far: revoked or suspended fails, good passes, and
 * anything else is TRY_LATER.
 */
export function withRevocation(verdict: Verdict, revocation: RevocationStatus): Verdict {
  if (verdict.indication !== 'PASSED') return verdict
  const { at, checks } = verdict
  const stop = (failure: Failure): Verdict => stopped(at, checks, 'revocation-status', failure)
  switch (revocation.status) {
    case 'good':
      return passed(at, [...checks, passedCheck('revocation-status')])
    case 'revoked':
    case 'suspended':
      return stop({ sub: 'REVOKED', expected: 'a certificate that is not revoked' })
    case 'unknown':
      return stop({ sub: 'TRY_LATER', expected: 'fresh revocation data for this certificate' })
    default:
      return revocation satisfies never
  }
}
