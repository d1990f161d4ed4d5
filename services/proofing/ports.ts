import type { ProofPurpose } from '../card/proof-message.ts'

export interface OpenProofing {
  readonly purpose: ProofPurpose
  /** The relying party of a transaction; empty for our own purposes. */
  readonly rpId: string
  /** SHA-256 binding hash of a pending credential (32 bytes), or empty. */
  readonly bindingHash: Uint8Array
  /** 署名用 (`signature`) proves identity; 利用者証明用 (`authentication`) serves login and persons without the other. */
  readonly keyUse: 'signature' | 'authentication'
  /** Of a consent: the person whose card has to sign it. */
  readonly subjectRef?: string
  /** Path on our own origin where the card agent sends the browser back; only `?ticket=` is added to it. */
  readonly returnPath: string
}

export interface OpenedProofing {
  readonly sessionId: string
  /** One-time ticket for the card agent; 256 bit, base64url. */
  readonly ticket: string
  /** Where to send the browser: the agent's origin with the ticket. */
  readonly agentUrl: string
  readonly expiresAt: Date
}

export type ProofingResult =
  | { readonly status: 'open'; readonly expiresAt: Date }
  | { readonly status: 'expired' }
  | {
      readonly status: 'passed'
      readonly proofingId: string
      readonly subjectRef: string
      readonly purpose: ProofPurpose
      readonly keyUse: 'signature' | 'authentication'
      readonly bindingHash: Uint8Array
      readonly verifiedAt: Date
    }
  | {
      readonly status: 'refused' | 'indeterminate'
      /** Typed reason, for example `CERTIFICATE_REVOKED`. */
      readonly reason: string
    }

/** What proofing offers to the other services. */
export interface ProofingPort {
  open(command: OpenProofing): Promise<OpenedProofing>
  /** Outcome of a session of ours; `NotFound` for an id that never was. */
  result(sessionId: string): Promise<ProofingResult>
  /** Outcome by the ticket that came back in the browser; `NotFound` for an unknown one. */
  resultByTicket(ticket: string): Promise<ProofingResult & { readonly sessionId: string }>
  /** Whether this proofing was committed; the vault asks before it sweeps an old deposit. */
  committed(proofingId: string): Promise<boolean>
}
