import type { Certificate } from '../certificate.ts'
import type { CertificateRevocationList } from '../crl.ts'
import { sameName } from '../name.ts'
import type { PublicKey } from '../public-key.ts'
import {
  combineRevocation,
  excusing,
  type Revocation,
  type RevocationStatus,
  type StatusTime,
} from '../revocation.ts'
import type { Budget } from './budget.ts'
import {
  findPath,
  likelierFirst,
  type CertificationPath,
  type Link,
  type PathAnchor,
} from './build-path.ts'
import { crlEvidence, isListSignedBy, type CrlRules } from './revocation-evidence.ts'
import { ANY_PURPOSE, type PathFailure } from './validate-path.ts'

/** What is known of the status of certificates; none of it is believed before it is verified. */
export interface StatusEvidence {
  readonly crls: readonly CertificateRevocationList[]
  /** Answers that were asked for elsewhere, about a certificate of this issuer. */
  readonly ocsp: (certificate: Certificate, issuer: Link) => readonly RevocationStatus[]
}

export interface PathRevocationQuestion extends StatusTime {
  readonly evidence: StatusEvidence
  readonly intermediates: readonly Certificate[]
  readonly rules: CrlRules
  readonly budget: Budget
  /** A revocation that leaves what was signed before it as it is. */
  readonly excuses?: ((revocation: Revocation) => boolean) | undefined
  /** Takes an issuer without basic constraints: public test files. */
  readonly unmarked?: boolean
}

/** Checks the status of every certificate of a path below its anchor, and of the certificates that sign the lists. */
export class PathRevocation {
  readonly #question: PathRevocationQuestion
  readonly #inProgress = new Set<Certificate>()
  readonly #signed = new Map<CertificateRevocationList, Map<PublicKey, boolean>>()

  constructor(question: PathRevocationQuestion) {
    this.#question = question
  }

  /** Why the path does not hold, or null: revoked anywhere on it, or a status that nothing tells. */
  failure(path: CertificationPath): PathFailure | null {
    let issuer: Link = path.anchor
    for (const link of path.links) {
      const failure = failureOf(this.#statusOf(link.certificate, issuer, path.anchor))
      if (failure !== null) return failure
      issuer = link
    }
    return null
  }

  #statusOf(certificate: Certificate, issuer: Link, anchor: PathAnchor): RevocationStatus {
    // INVARIANT: no certificate vouches for itself by a list that it signs, however long the way round.
    if (this.#inProgress.has(certificate)) {
      return { status: 'unknown', source: 'crl', cause: 'WRONG_ISSUER' }
    }
    this.#inProgress.add(certificate)
    try {
      const { evidence, at, since, rules, budget, excuses } = this.#question
      const isAuthentic = (crl: CertificateRevocationList): boolean =>
        this.#isAuthentic(crl, issuer, anchor)
      const { crls } = evidence
      const asked = { certificate, crls, isAuthentic, at, since, rules, budget, excuses }
      const answers = evidence.ocsp(certificate, issuer)
      return combineRevocation([
        ...answers.map((answer) => excusing(answer, excuses)),
        crlEvidence(asked),
      ])
    } finally {
      this.#inProgress.delete(certificate)
    }
  }

  /** Signed by the issuer itself, or by another key of its name that the same anchor stands behind (RFC 5280 §6.3.3 (f)). */
  #isAuthentic(crl: CertificateRevocationList, issuer: Link, anchor: PathAnchor): boolean {
    if (this.#isSigned(crl, issuer)) return true
    const others = this.#question.intermediates.filter(
      (one) => one !== issuer.certificate && sameName(one.subject, crl.issuer),
    )
    return likelierFirst(crl, others, (one) => one).some((certificate) => {
      const key = certificate.spki.keyUnder(this.#question.rules.algorithms)
      return (
        key !== null &&
        this.#isSigned(crl, { certificate, key }) &&
        this.#isProven(certificate, anchor)
      )
    })
  }

  #isProven(target: Certificate, anchor: PathAnchor): boolean {
    const { intermediates, at, rules, budget, unmarked } = this.#question
    const found = findPath({
      ...ANY_PURPOSE,
      target,
      anchors: [anchor],
      intermediates,
      at,
      algorithms: rules.algorithms,
      budget,
      unmarked: unmarked === true,
      alsoHolds: (path) => this.failure(path),
    })
    return !('sub' in found)
  }

  #isSigned(crl: CertificateRevocationList, signer: Link): boolean {
    const known = this.#signed.get(crl)?.get(signer.key)
    if (known !== undefined) return known
    const { budget, rules } = this.#question
    budget.signature(signer.key)
    const signed = isListSignedBy(crl, signer, rules.algorithms)
    const ofList = this.#signed.get(crl) ?? new Map<PublicKey, boolean>()
    this.#signed.set(crl, ofList.set(signer.key, signed))
    return signed
  }
}

function failureOf({ status }: RevocationStatus): PathFailure | null {
  switch (status) {
    case 'good':
      return null
    case 'revoked':
    case 'suspended':
      return revocationFailure('REVOKED', 'no revoked certificate on the path')
    case 'unknown':
      return revocationFailure(
        'TRY_LATER',
        'fresh revocation data for every certificate of the path',
      )
    default:
      return status satisfies never
  }
}

function revocationFailure(sub: PathFailure['sub'], expected: string): PathFailure {
  return { check: 'revocation-status', sub, expected }
}
