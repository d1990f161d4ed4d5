import { constantTimeEqual } from '../../kernel/bytes.ts'
import type { AlgorithmPolicy } from '../algorithm-policy.ts'
import type { Certificate } from '../certificate.ts'
import { AlgorithmNotAllowed, MalformedDer } from '../errors.ts'
import { sameName } from '../name.ts'
import { importPublicKey, type PublicKey } from '../public-key.ts'
import { signatureAlgorithm, verifySignature } from '../signature.ts'
import type { Failure } from '../verdict.ts'
import { Budget, BudgetExhausted } from './budget.ts'
import { validatePath, type PathInputs, type ValidPath } from './validate-path.ts'

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
  readonly alsoHolds?: (path: CertificationPath) => Failure | null
}

const MAX_DEPTH = 8
const MAX_INTERMEDIATES = 64

/**
 * Searches for a valid path from the target to one of the anchors, depth first, and goes back when a path fails (RFC 4158).
 * Gives the first that holds, or why the first complete one did not.
 */
export function findPath(question: PathQuestion): CertificationPath | Failure {
  if (question.intermediates.length > MAX_INTERMEDIATES) {
    return {
      sub: 'NO_CERTIFICATE_CHAIN_FOUND',
      expected: `at most ${MAX_INTERMEDIATES} intermediate certificates`,
    }
  }
  const search = new PathSearch(question)
  try {
    return search.run()
  } catch (error) {
    if (!(error instanceof BudgetExhausted)) throw error
    return {
      sub: 'NO_CERTIFICATE_CHAIN_FOUND',
      expected: `a path that is found with fewer ${error.message}`,
    }
  }
}

class PathSearch {
  readonly #question: PathQuestion
  readonly #budget: Budget
  readonly #keys = new Map<Certificate, PublicKey | null>()
  readonly #signed = new Map<Certificate, Map<PublicKey, boolean>>()

  constructor(question: PathQuestion) {
    this.#question = question
    this.#budget = question.budget ?? new Budget()
  }

  run(): CertificationPath | Failure {
    const target = this.#linkOf(this.#question.target)
    if (target === null) {
      return { sub: 'CRYPTO_CONSTRAINTS_FAILURE', expected: 'a key of an allowed kind and size' }
    }
    let first: Failure | null = null
    for (const { anchor, links } of this.#complete([target])) {
      const outcome = this.#judge(anchor, links)
      if (!('sub' in outcome)) return outcome
      first ??= outcome
    }
    return (
      first ?? {
        sub: 'NO_CERTIFICATE_CHAIN_FOUND',
        expected: 'a certificate that one of the anchors stands behind',
      }
    )
  }

  #judge(anchor: PathAnchor, links: readonly Link[]): CertificationPath | Failure {
    const { question, budget } = { question: this.#question, budget: this.#budget }
    const certificates = links.map(({ certificate }) => certificate)
    const outcome = validatePath(anchor.certificate, certificates, question, budget)
    if ('sub' in outcome) return outcome
    const path = { anchor, links, ...outcome }
    return question.alsoHolds?.(path) ?? path
  }

  /** Every way up from the last link to an anchor, likelier ones first. */
  *#complete(
    up: readonly Link[],
  ): Generator<{ readonly anchor: PathAnchor; readonly links: readonly Link[] }> {
    const top = up.at(-1)
    if (top === undefined) return
    const { anchors, intermediates } = this.#question
    for (const anchor of likelierFirst(
      top.certificate,
      anchors,
      ({ certificate }) => certificate,
    )) {
      this.#budget.step()
      if (!issuedBy(top.certificate, anchor.certificate)) continue
      if (this.#isSigned(top.certificate, anchor.key)) {
        yield { anchor, links: up.toReversed() }
      }
    }
    if (up.length >= MAX_DEPTH) return
    for (const issuer of likelierFirst(top.certificate, intermediates, (one) => one)) {
      this.#budget.step()
      if (!issuedBy(top.certificate, issuer) || isOn(up, issuer)) continue
      const link = this.#linkOf(issuer)
      if (link !== null && this.#isSigned(top.certificate, link.key)) {
        yield* this.#complete([...up, link])
      }
    }
  }

  #isSigned(certificate: Certificate, key: PublicKey): boolean {
    const known = this.#signed.get(certificate)?.get(key)
    if (known !== undefined) return known
    this.#budget.signature(key)
    const signed = isSignedBy(certificate, key, this.#question.algorithms)
    const ofCertificate = this.#signed.get(certificate) ?? new Map<PublicKey, boolean>()
    this.#signed.set(certificate, ofCertificate.set(key, signed))
    return signed
  }

  /** Null for a certificate whose key is not of an allowed kind. */
  #linkOf(certificate: Certificate): Link | null {
    let key = this.#keys.get(certificate)
    if (key === undefined) {
      key = keyOf(certificate, this.#question.algorithms)
      this.#keys.set(certificate, key)
    }
    return key === null ? null : { certificate, key }
  }
}

/** Whether the key holder signed the certificate, with an algorithm of the allow-list. */
export function isSignedBy(
  { outerAlgorithm, tbs, signature }: Certificate,
  key: PublicKey,
  algorithms: AlgorithmPolicy,
): boolean {
  try {
    return verifySignature(key, signatureAlgorithm(outerAlgorithm, algorithms), tbs, signature)
  } catch (error) {
    if (error instanceof AlgorithmNotAllowed || error instanceof MalformedDer) return false
    throw error
  }
}

export function keyOf(certificate: Certificate, algorithms: AlgorithmPolicy): PublicKey | null {
  try {
    return importPublicKey(certificate.spki, algorithms)
  } catch (error) {
    if (error instanceof AlgorithmNotAllowed || error instanceof MalformedDer) return null
    throw error
  }
}

function issuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return sameName(certificate.issuer, issuer.subject)
}

/** Whether the path has this subject with this key already: it would go round in a circle. */
function isOn(path: readonly Link[], { subject, spki }: Certificate): boolean {
  return path.some(
    ({ certificate }) =>
      sameName(certificate.subject, subject) &&
      Buffer.compare(certificate.spki.encoding, spki.encoding) === 0,
  )
}

/** The key identifier only orders the candidates: the signature decides. */
export function likelierFirst<T>(
  { authorityKeyIdentifier }: Certificate,
  candidates: readonly T[],
  certificateOf: (candidate: T) => Certificate,
): readonly T[] {
  const wanted = authorityKeyIdentifier?.keyIdentifier ?? null
  if (wanted === null || candidates.length < 2) return candidates
  const isNamed = (candidate: T): boolean => {
    const own = certificateOf(candidate).subjectKeyIdentifier
    return own !== null && constantTimeEqual(own, wanted)
  }
  return [...candidates.filter(isNamed), ...candidates.filter((candidate) => !isNamed(candidate))]
}
