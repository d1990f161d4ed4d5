import { lengthPrefixed } from '../kernel/bytes.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'

/** What a tap of the card is for; a signature made for one is worthless for another. */
export const PROOF_PURPOSES = ['enrol', 'login', 'reproof', 'transaction', 'consent'] as const
export type ProofPurpose = (typeof PROOF_PURPOSES)[number]

export interface ProofFields {
  readonly environment: TrustEnvironment
  readonly sessionId: string
  readonly purpose: ProofPurpose
  /** The relying party of a transaction; empty for our own purposes. */
  readonly rpId: string
  readonly nonce: Uint8Array
  /** SHA-256 binding hash of the credential to bind, or of the document consented to; empty when there is neither. */
  readonly bindingHash: Uint8Array
}

/**
 * The bytes that the card signs (as `sha256WithRSAEncryption`, on a card in use): they are hashed once, inside the DigestInfo. The domain
 * tag keeps a proof from ever being taken for a signed document.
 */
export function proofMessage(fields: ProofFields): Uint8Array {
  return lengthPrefixed(
    'watashi/proof/v1',
    fields.environment,
    fields.sessionId,
    fields.purpose,
    fields.rpId,
    fields.nonce,
    fields.bindingHash,
  )
}
