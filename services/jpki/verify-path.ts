import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { MalformedDer } from './errors.ts'
import { anchorsOf, readRoots, rootsFor } from './given-anchors.ts'
import { jpkiStatus } from './jpki-status.ts'
import { givenAnswers } from './ocsp.ts'
import { Budget } from './path/budget.ts'
import { findPath, MAX_INTERMEDIATES, noPath, type CertificationPath } from './path/build-path.ts'
import { PathRevocation } from './path/path-revocation.ts'
import type { PathFailure, PathInputs } from './path/validate-path.ts'
import {
  crlFreshness,
  ocspFreshness,
  readRevocation,
  readUsable,
  TOO_MUCH_REVOCATION,
  type UnverifiedRevocation,
} from './revocation-material.ts'
import { passed, passedCheck, PATH_CHECKS, stopped, type Verdict } from './verdict.ts'
import { PATH_RULES, type PathRules, type VerificationProfile } from './verification-profile.ts'
import { verifyCertificate, withRevocation } from './verify-application.ts'

/** A certificate and all that came with it: bytes, of which the anchors alone are believed. */
export interface PathRequest extends Omit<PathInputs, 'unmarked'>, UnverifiedRevocation {
  readonly certificate: Uint8Array
  readonly anchors: readonly Uint8Array[]
  /** In any order; not used by the profile `jpki`, whose roots issue people's certificates themselves. */
  readonly intermediates: readonly Uint8Array[]
  readonly profile: VerificationProfile
  /** Whether every certificate below the anchor needs a status; false: revocation is not looked at. */
  readonly checkRevocation: boolean
  /** Oldest revocation data that is believed; Infinity: as long as it says. */
  readonly maximumAgeDays: number
}

export interface PathVerdict extends Verdict {
  /** What the revocation data said of the path; null: not asked, or not come to. */
  readonly status: 'good' | 'revoked' | 'unknown' | null
  /** SHA-256 of the certificates from the anchor to the target; empty unless PASSED. */
  readonly path: readonly string[]
  /** Policies under which the path is valid, in the anchor's terms. */
  readonly policies: readonly string[]
}

/**
 * Verifies a certificate up to one of the anchors, in the order of `PATH_CHECKS` (`jpki`: as `verifyCertificate` does). Every malformed or
 * wrong input is a verdict; nothing is thrown for it. Without usable revocation data the verdict is TRY_LATER.
 */
export function verifyPath(request: PathRequest): PathVerdict {
  return request.profile === 'jpki'
    ? verifyPersonsCertificate(request)
    : verifyAnyPath(request, PATH_RULES[request.profile])
}

function verifyPersonsCertificate(request: PathRequest): PathVerdict {
  const { certificate: der, at } = request
  const { family, anchors } = rootsFor(der, readRoots(request.anchors))
  const { verdict, verified } = verifyCertificate(der, { ...family, anchors, at })
  if (verified === null) return withoutPath(verdict)
  const { certificate, issuer } = verified
  const revocation = request.checkRevocation
    ? jpkiStatus({ ...request, certificate, issuer })
    : null
  const status = revocation?.status === 'suspended' ? 'revoked' : (revocation?.status ?? null)
  const whole = revocation === null ? verdict : withRevocation(verdict, revocation)
  if (whole.indication !== 'PASSED') return withoutPath(whole, status)
  const path = [issuer.certificate, certificate].map(fingerprint)
  return { ...whole, status, path, policies: certificate.policies }
}

function withoutPath(verdict: Verdict, status: PathVerdict['status'] = null): PathVerdict {
  return { ...verdict, status, path: [], policies: [] }
}

function verifyAnyPath(request: PathRequest, rules: PathRules): PathVerdict {
  const outcome = findAnyPath(request, rules)
  const { at, checkRevocation } = request
  if ('sub' in outcome) {
    const before = PATH_CHECKS.slice(0, PATH_CHECKS.indexOf(outcome.check)).map(passedCheck)
    return withoutPath(stopped(at, before, outcome.check, outcome), statusOf(outcome))
  }
  const checks = checkRevocation ? PATH_CHECKS : PATH_CHECKS.slice(0, -1)
  return {
    ...passed(at, checks.map(passedCheck)),
    status: checkRevocation ? 'good' : null,
    path: [outcome.anchor, ...outcome.links].map(({ certificate }) => fingerprint(certificate)),
    policies: [...outcome.policies].sort(),
  }
}

function statusOf({ check, sub }: PathFailure): PathVerdict['status'] {
  if (check !== 'revocation-status') return null
  return sub === 'REVOKED' ? 'revoked' : 'unknown'
}

function findAnyPath(request: PathRequest, rules: PathRules): CertificationPath | PathFailure {
  const target = readTarget(request.certificate)
  if ('sub' in target) return target
  const { intermediates: ders } = request
  if (ders.length > MAX_INTERMEDIATES) {
    return noPath(`at most ${MAX_INTERMEDIATES} intermediate certificates`)
  }
  const anchors = anchorsOf(request.anchors, rules.algorithms)
  if (anchors.length === 0) return noPath('an anchor that can be read and has an allowed key')
  const intermediates = readUsable(ders, parseCertificate)
  const budget = new Budget()
  const revocation = request.checkRevocation
    ? revocationOf(request, rules, intermediates, budget)
    : { failure: () => null }
  return findPath({
    ...request,
    target,
    anchors,
    intermediates,
    algorithms: rules.algorithms,
    unmarked: rules.unmarked,
    budget,
    alsoHolds: (path) => revocation.failure(path),
  })
}

function readTarget(der: Uint8Array): Certificate | PathFailure {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    return { check: 'certificate-format', sub: 'FORMAT_FAILURE', expected: error.message }
  }
}

function revocationOf(
  request: PathRequest,
  { algorithms, unmarked, unnumbered }: PathRules,
  intermediates: readonly Certificate[],
  budget: Budget,
): Pick<PathRevocation, 'failure'> {
  const { at, maximumAgeDays } = request
  const material = readRevocation(request)
  if (material === null) {
    const expected = TOO_MUCH_REVOCATION
    return { failure: () => ({ check: 'revocation-status', sub: 'TRY_LATER', expected }) }
  }
  const freshness = ocspFreshness(maximumAgeDays)
  return new PathRevocation({
    evidence: {
      crls: material.crls,
      ocsp: givenAnswers(material.responses, { at, freshness, algorithms, budget }),
    },
    intermediates,
    at,
    rules: { algorithms, unnumbered, freshness: crlFreshness(maximumAgeDays) },
    budget,
    unmarked,
  })
}

function fingerprint({ der }: Certificate): string {
  return toHex(sha256(der))
}
