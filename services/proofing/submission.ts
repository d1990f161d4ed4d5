import type { CertificateCache } from '../jpki/certificate-cache.ts'
import type { DelegateCache } from '../jpki/ocsp.ts'
import type { ProofingDependencies } from './dependencies.ts'
import type { Refusal } from './reasons.ts'
import type { Session, TokenType } from './session.ts'
import type { ProofingStore } from './store.ts'

/** Dependencies with what is made of them once. */
export interface SubmissionParts extends ProofingDependencies {
  readonly store: ProofingStore
  readonly cache: CertificateCache
  readonly delegates: DelegateCache
}

export interface UnverifiedEvidence {
  readonly certificate: Uint8Array
  readonly signature: Uint8Array
  readonly tokenType: TokenType
}

export type SubmissionOutcome =
  { readonly outcome: 'passed' } | { readonly outcome: Refusal['outcome']; readonly reason: string }

/** A session whose challenge is ours to verify against: `proofingId` and `takenAt` are set. */
export type TakenSession = Session & { readonly proofingId: string; readonly takenAt: Date }
