import { TRUST_ENVIRONMENTS } from '../kernel/trust-environment.ts'
import { STRICT_ALGORITHMS } from './algorithm-policy.ts'
import { parseCertificate } from './certificate.ts'
import { verifyCms, type CmsQuestion } from './cms/verify-cms.ts'
import { anchorsOf, readRoots } from './given-anchors.ts'
import type { PathAnchor } from './path/build-path.ts'
import { ANY_PURPOSE } from './path/validate-path.ts'
import { kindNamed } from './profile.ts'
import {
  ocspFreshness,
  readRevocation,
  readUsable,
  TOO_MUCH_REVOCATION,
  type UnverifiedRevocation,
} from './revocation-material.ts'
import { stopped, type Verdict } from './verdict.ts'
import { PATH_RULES, type PathRules, type VerificationProfile } from './verification-profile.ts'

/** A signed document (CMS) and all that came with it: bytes, of which the anchors alone are believed. */
export interface DocumentRequest extends UnverifiedRevocation {
  readonly cms: Uint8Array
  /** What was signed, when it is not inside. */
  readonly content: Uint8Array | undefined
  readonly anchors: readonly Uint8Array[]
  /** Anchors of time-stamping authorities. */
  readonly tsaAnchors: readonly Uint8Array[]
  readonly intermediates: readonly Uint8Array[]
  readonly at: Date
  readonly profile: VerificationProfile
  readonly checkRevocation: boolean
  readonly maximumAgeDays: number
}

const MAX_CONTENT = 16 * 2 ** 20

const JPKI_RULES: PathRules = { algorithms: STRICT_ALGORITHMS, unmarked: false, unnumbered: false }

/** Verifies a signed document. Every malformed or wrong input is a verdict; nothing is thrown for it. */
export function verifyDocument(request: DocumentRequest): Verdict {
  const { at, cms, content, profile, maximumAgeDays } = request
  const rules = profile === 'jpki' ? JPKI_RULES : PATH_RULES[profile]
  const { algorithms, unnumbered, unmarked } = rules
  const material = request.checkRevocation ? readRevocation(request) : null
  if (request.checkRevocation && material === null) {
    return stopped(at, [], 'revocation-status', { sub: 'TRY_LATER', expected: TOO_MUCH_REVOCATION })
  }
  const question: CmsQuestion = {
    ...{ cms, content, at, maximumContent: MAX_CONTENT },
    anchors:
      profile === 'jpki' ? signingRoots(request.anchors) : anchorsOf(request.anchors, algorithms),
    tsaAnchors: anchorsOf(request.tsaAnchors, algorithms),
    intermediates: readUsable(request.intermediates, parseCertificate),
    revocation: material ?? 'not-checked',
    rules: { algorithms, unnumbered, freshness: ocspFreshness(maximumAgeDays) },
    profile:
      profile === 'jpki'
        ? { name: 'jpki', environments: TRUST_ENVIRONMENTS }
        : { name: 'rfc5280', purpose: { ...ANY_PURPOSE, unmarked } },
  }
  return verifyCms(question).verdict
}

/** A root of the 利用者証明用 family stands behind nobody's documents. */
function signingRoots(ders: readonly Uint8Array[]): PathAnchor[] {
  return readRoots(ders).filter(
    ({ certificate }) => kindNamed(certificate.subject) !== 'authentication',
  )
}
