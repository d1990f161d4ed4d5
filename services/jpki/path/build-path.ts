import { constantTimeEqual, lengthPrefixed, toHex } from '../../kernel/bytes.ts'
import { sha256 } from '../../kernel/digest.ts'
import type { AlgorithmPolicy } from '../algorithm-policy.ts'
import type { Certificate } from '../certificate.ts'
import { AlgorithmNotAllowed, MalformedDer } from '../errors.ts'
import { sameName } from '../name.ts'
import type { PublicKey } from '../public-key.ts'
import { signatureAlgorithm, verifySignature } from '../signature.ts'
import { Budget, BudgetExhausted } from './budget.ts'
import { validatePath, type PathFailure, type PathInputs, type ValidPath } from './validate-path.ts'

/** A certificate whose key is trusted without further proof. */
export interface PathAnchor {
  readonly certificate: Certificate
  readonly key: PublicKey
}

/** A certificate with the key that it certifies. */
export interface Link {
  readonly certificate: Certificate
  readonly key: PublicKey
}

/** A valid path: the anchor, and the links from the one it issued down to the target. */
export interface CertificationPath extends ValidPath {
  readonly anchor: PathAnchor
  readonly links: readonly Link[]
}

export interface PathQuestion extends PathInputs {
  readonly target: Certificate
  readonly anchors: readonly PathAnchor[]
  /** In any order; none of them is believed. */
  readonly intermediates: readonly Certificate[]
  readonly algorithms: AlgorithmPolicy
  readonly budget?: Budget
  /** What else has to hold of a path, such as revocation; a path that fails it is not the only one. */
  readonly alsoHolds?: (path: CertificationPath) => PathFailure | null
}

const MAX_DEPTH = 8
export const MAX_INTERMEDIATES = 64

/**
 * Searches for a valid path from the target to one of the anchors, depth first, and goes back when a path fails (RFC 4158).
 * Gives the first that holds, or why the first complete one did not.
 */
export function findPath(question: PathQuestion): CertificationPath | PathFailure {
  if (question.intermediates.length > MAX_INTERMEDIATES) {
    return noPath(`at most ${MAX_INTERMEDIATES} intermediate certificates`)
  }
  const search = new PathSearch(question)
  try {
    return search.run()
  } catch (error) {
    if (!(error instanceof BudgetExhausted)) throw error
    return noPath(`a path that is found with fewer ${error.message}`)
  }
}

export function noPath(
  expected: string,
  sub: PathFailure['sub'] = 'NO_CERTIFICATE_CHAIN_FOUND',
): PathFailure {
  return { check: 'certification-path', sub, expected }
}

/** A link with what a search finds out about it, since it is met again under other paths. */
class SearchedLink implements Link {
  readonly certificate: Certificate
  readonly key: PublicKey
  /** Who may have issued it. */
  candidates: Candidates | undefined
  /** Whether a key signed it. */
  readonly signed = new Map<PublicKey, boolean>()
  #holder: string | undefined

  constructor(certificate: Certificate, key: PublicKey) {
    this.certificate = certificate
    this.key = key
  }

  /** What tells its subject and key from all others, made when it is asked for: a path of one link never is. */
  get holder(): string {
    const { subject, spki } = this.certificate
    return (this.#holder ??= toHex(sha256(lengthPrefixed(...subject.folded, spki.encoding))))
  }
}

/** Whether the path has this subject with this key already: it would go round in a circle. */
function isOn(path: readonly SearchedLink[], { holder }: SearchedLink): boolean {
  return path.some((link) => link.holder === holder)
}

interface Candidates {
  readonly anchors: readonly PathAnchor[]
  readonly issuers: readonly Certificate[]
}

class PathSearch {
  readonly #question: PathQuestion
  readonly #budget: Budget
  readonly #links = new Map<Certificate, SearchedLink | null>()
  /** Whether a way up ended at a signature or key that is not of an allowed kind. */
  #metRefusedAlgorithm = false

  constructor(question: PathQuestion) {
    this.#question = question
    this.#budget = question.budget ?? new Budget()
  }

  run(): CertificationPath | PathFailure {
    const target = this.#linkOf(this.#question.target)
    if (target === null) {
      return noPath('a key of an allowed kind and size', 'CRYPTO_CONSTRAINTS_FAILURE')
    }
    let first: PathFailure | null = null
    for (const { anchor, links } of this.#complete(target, [])) {
      const outcome = this.#judge(anchor, links)
      if (!('sub' in outcome)) return outcome
      first ??= outcome
    }
    if (first !== null) return first
    return this.#metRefusedAlgorithm
      ? noPath('a path of allowed algorithms and keys', 'CRYPTO_CONSTRAINTS_FAILURE')
      : noPath('a certificate that one of the anchors stands behind')
  }

  #judge(anchor: PathAnchor, links: readonly Link[]): CertificationPath | PathFailure {
    const { question, budget } = { question: this.#question, budget: this.#budget }
    const certificates = links.map(({ certificate }) => certificate)
    const outcome = validatePath(anchor.certificate, certificates, question, budget)
    if ('sub' in outcome) return outcome
    const path = { anchor, links, ...outcome }
    return question.alsoHolds?.(path) ?? path
  }

  /** Every way up to an anchor from a link and those below it, likelier ones first. */
  *#complete(
    top: SearchedLink,
    below: readonly SearchedLink[],
  ): Generator<{ readonly anchor: PathAnchor; readonly links: readonly Link[] }> {
    const up = [...below, top]
    const { anchors, issuers } = (top.candidates ??= this.#candidatesFor(top.certificate))
    for (const anchor of anchors) {
      this.#budget.step()
      if (this.#isSigned(top, anchor.key)) {
        yield { anchor, links: up.toReversed() }
      }
    }
    if (up.length >= MAX_DEPTH) return
    for (const issuer of issuers) {
      this.#budget.step()
      const link = this.#linkOf(issuer)
      if (link !== null && isOn(up, link)) continue
      if (link === null) this.#metRefusedAlgorithm = true
      if (link !== null && this.#isSigned(top, link.key)) {
        yield* this.#complete(link, up)
      }
    }
  }

  /** Those that bear the issuer's name, likelier ones first. */
  #candidatesFor(certificate: Certificate): Candidates {
    const { anchors, intermediates } = this.#question
    const isNamed = (one: Certificate): boolean => {
      this.#budget.step()
      return sameName(certificate.issuer, one.subject)
    }
    return {
      anchors: likelierFirst(
        certificate,
        anchors.filter((anchor) => isNamed(anchor.certificate)),
        (anchor) => anchor.certificate,
      ),
      issuers: likelierFirst(certificate, intermediates.filter(isNamed), (one) => one),
    }
  }

  #isSigned({ certificate, signed }: SearchedLink, key: PublicKey): boolean {
    const known = signed.get(key)
    if (known !== undefined) return known
    this.#budget.signature(key)
    const outcome = signatureBy(certificate, key, this.#question.algorithms)
    if (outcome === 'refused') this.#metRefusedAlgorithm = true
    signed.set(key, outcome === 'holds')
    return outcome === 'holds'
  }

  /** Null for a certificate whose key is not of an allowed kind. */
  #linkOf(certificate: Certificate): SearchedLink | null {
    const known = this.#links.get(certificate)
    if (known !== undefined) return known
    const key = certificate.spki.keyUnder(this.#question.algorithms)
    const link = key === null ? null : new SearchedLink(certificate, key)
    this.#links.set(certificate, link)
    return link
  }
}

/** Whether the key holder signed the certificate, with an algorithm of the allow-list. */
export function isSignedBy(
  certificate: Certificate,
  key: PublicKey,
  algorithms: AlgorithmPolicy,
): boolean {
  return signatureBy(certificate, key, algorithms) === 'holds'
}

function signatureBy(
  { outerAlgorithm, tbs, signature }: Certificate,
  key: PublicKey,
  algorithms: AlgorithmPolicy,
): 'holds' | 'broken' | 'refused' {
  try {
    const algorithm = signatureAlgorithm(outerAlgorithm, algorithms)
    return verifySignature(key, algorithm, tbs, signature) ? 'holds' : 'broken'
  } catch (error) {
    if (error instanceof AlgorithmNotAllowed) return 'refused'
    if (error instanceof MalformedDer) return 'broken'
    throw error
  }
}

/** The key identifier only orders the candidates: the signature decides. */
export function likelierFirst<T>(
  { authorityKeyIdentifier }: Pick<Certificate, 'authorityKeyIdentifier'>,
  candidates: readonly T[],
  certificateOf: (candidate: T) => Certificate,
): readonly T[] {
  const wanted = authorityKeyIdentifier?.keyIdentifier ?? null
  if (wanted === null || candidates.length < 2) return candidates
  const isNamed = (candidate: T): boolean => {
    const own = certificateOf(candidate).subjectKeyIdentifier
    return own !== null && constantTimeEqual(own, wanted)
  }
  const { likely = [], others = [] } = Object.groupBy(candidates, (candidate) =>
    isNamed(candidate) ? 'likely' : 'others',
  )
  return [...likely, ...others]
}
