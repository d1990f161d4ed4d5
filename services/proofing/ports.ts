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

/** A document that a relying party asks a person to sign with the card. */
export interface SignatureDocument {
  readonly title: string
  /** `type/subtype` in lower case. */
  readonly mediaType: string
  /** SHA-256 of the document. */
  readonly digest: Uint8Array
  /** The whole of it, where it is a text that the relying party gave and that has this digest; null otherwise. */
  readonly text: string | null
}

export interface RequestSignature {
  readonly rpId: string
  /** `text` as the relying party sent it: UTF-8, not checked. */
  readonly document: Omit<SignatureDocument, 'text'> & { readonly text: Uint8Array | null }
  /** The one person who may sign; null: whoever logs in. */
  readonly onlyBy: string | null
}

export interface OpenedSignature {
  /** Where to send the browser: the card agent's origin with a one-time ticket. */
  readonly agentUrl: string
  readonly expiresAt: Date
}

/** Why nothing was signed, where it was not the card's fault. */
export type SignatureWithdrawal = 'REFUSED_BY_PERSON' | 'EXPIRED' | 'ASSURANCE_UNMET'

export type SignatureResult =
  | { readonly status: 'waiting' }
  | { readonly status: 'signed'; readonly subjectRef: string }
  | {
      readonly status: 'refused' | 'indeterminate'
      /** Typed reason, for example `CERTIFICATE_REVOKED`. */
      readonly reason: string
    }

/** How a signature was found to hold: ETSI EN 319 102-1 §5.1.3. */
export interface SignatureReport {
  readonly indication: string
  readonly subIndication: string
  /** The time for which it holds. */
  readonly validatedAt: Date
  readonly checks: readonly { readonly id: string; readonly outcome: string }[]
  readonly revocation: {
    readonly status: string
    readonly source: 'crl' | 'ocsp'
    readonly thisUpdate: Date
    readonly nextUpdate: Date | null
  }
}

/** What the relying party gets. */
export interface IssuedSignature {
  /** Detached CMS in DER. */
  readonly cms: Uint8Array
  /** 署名用 certificate in DER: name, address, birth date and sex are in it. */
  readonly certificate: Uint8Array
  readonly report: SignatureReport
}

/** What proofing offers to the federation: signatures on documents of relying parties. Nothing is kept longer than an hour. */
export interface SignaturePort {
  /** @throws InvalidInput naming the member that is not in form, TooManyRequests when too many wait for signatures */
  request(
    command: RequestSignature,
  ): Promise<{ readonly signatureId: string; readonly expiresAt: Date }>
  /** What is to be signed, and by whom alone; `NotFound` once it is forgotten. */
  document(signatureId: string): Promise<{
    readonly document: SignatureDocument
    readonly onlyBy: string | null
  }>
  /**
   * Makes a ticket for the card agent, for this person; one that was made before is void.
   * @throws Conflict when it was answered, AccessDenied for another person than the one it is for
   */
  open(
    signatureId: string,
    command: { readonly subjectRef: string; readonly returnPath: string },
  ): Promise<OpenedSignature>
  result(signatureId: string): Promise<SignatureResult>
  /**
   * Ends a request that was not answered; idempotent.
   * @throws Conflict when it was signed, or a signature is being verified
   */
  withdraw(
    signatureId: string,
    subjectRef: string | null,
    reason: SignatureWithdrawal,
  ): Promise<void>
  /** What was signed; undefined once it is forgotten. */
  collect(signatureId: string): Promise<IssuedSignature | undefined>
  /** Forgets it: the relying party has it. Idempotent. */
  forget(signatureId: string): Promise<void>
}
