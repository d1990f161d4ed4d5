import type { Certificate } from '../certificate.ts'
import type { CertificateRevocationList } from '../crl.ts'
import { sameName } from '../name.ts'
import {
  combineRevocation,
  excusing,
  type Revocation,
  type RevocationStatus,
  type StatusTime,
} from '../revocation.ts'
import type { Failure } from '../verdict.ts'
import type { Budget } from './budget.ts'
import {
  findPath,
  keyOf,
  type CertificationPath,
  type Link,
  type PathAnchor,
} from './build-path.ts'
import { crlEvidence, type CrlRules } from './revocation-evidence.ts'
import { ANY_PURPOSE } from './validate-path.ts'

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
}

/** Checks the status of every certificate of a path below its anchor, and of the certificates that sign the lists. */
export class PathRevocation {
  readonly #question: PathRevocationQuestion
  readonly #inProgress = new Set<Certificate>()

  constructor(question: PathRevocationQuestion) {
    this.#question = question
  }

  /** Why the path does not hold, or null: revoked anywhere on it, or a status that nothing tells. */
  failure(path: CertificationPath): Failure | null {
    let issuer: Link = path.anchor
    for (const link of path.links) {
      const failure = failureOf(this.#statusOf(link.certificate, issuer, path.anchor))
      if (failure !== null) return failure
      issuer = link
    }
    return null
  }

  #statusOf(certificate: Certificate, issuer: Link, anchor: PathAnchor): RevocationStatus | null {
    // The list that a certificate signs may be the one that would name it: that question has no answer but its own.
    if (this.#inProgress.has(certificate)) return null
    this.#inProgress.add(certificate)
    try {
      const { evidence, at, since, rules, excuses } = this.#question
      const { crls } = evidence
      const signersOf = (crl: CertificateRevocationList): Link[] =>
        this.#signersOf(crl, certificate, issuer, anchor)
      const byList = crlEvidence({ certificate, crls, signersOf, at, since, rules, excuses })
      const answers = evidence.ocsp(certificate, issuer)
      return combineRevocation([...answers.map((answer) => excusing(answer, excuses)), byList])
    } finally {
      this.#inProgress.delete(certificate)
    }
  }

  /** The issuer itself, or another key of its name that the same anchor stands behind (RFC 5280 §6.3.3 (f)). */
  #signersOf(
    crl: CertificateRevocationList,
    certificate: Certificate,
    issuer: Link,
    anchor: PathAnchor,
  ): Link[] {
    const { intermediates, at, rules, budget } = this.#question
    const others = intermediates.filter(
      (one) =>
        one !== issuer.certificate && one !== certificate && sameName(one.subject, crl.issuer),
    )
    const proven = others.flatMap((target): Link[] => {
      const key = keyOf(target, rules.algorithms)
      if (key === null) return []
      const found = findPath({
        ...ANY_PURPOSE,
        target,
        anchors: [anchor],
        intermediates,
        at,
        algorithms: rules.algorithms,
        budget,
        alsoHolds: (path) => this.failure(path),
      })
      return 'sub' in found ? [] : [{ certificate: target, key }]
    })
    return [issuer, ...proven]
  }
}

function failureOf(status: RevocationStatus | null): Failure | null {
  switch (status?.status) {
    case undefined:
    case 'good':
      return null
    case 'revoked':
    case 'suspended':
      return { sub: 'REVOKED', expected: 'no revoked certificate on the path' }
    case 'unknown':
      return {
        sub: 'TRY_LATER',
        expected: 'fresh revocation data for every certificate of the path',
      }
  }
}
