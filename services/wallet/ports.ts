import type { Minimum } from '../policy/ports.ts'

/** The attribute vault: the only place where attribute values are kept, sealed under the person's key. */
export interface Vault {
  /** X25519 public key (32 raw bytes) of DHKEM(X25519, HKDF-SHA256), with AES-256-GCM (RFC 9180). */
  publicKey(): Promise<{ readonly keyId: string; readonly publicKey: Uint8Array }>
  /**
   * Takes sealed attributes; idempotent by proofing id. `ciphertext` = encapsulated key (32 bytes) ‖ AEAD ciphertext of the
   * UTF-8 JSON of `SealedAttributes`; info `watashi/vault/v1`, AAD = LP(environment, proofing_id).
   */
  deposit(proofingId: string, ciphertext: Uint8Array): Promise<void>
}

/** Plaintext of a deposit. Absent = not on the certificate; `substituted` = holds substitute characters, never compare. */
export interface SealedAttributes {
  readonly name?: { readonly value: string; readonly substituted: boolean }
  readonly address?: { readonly value: string; readonly substituted: boolean }
  /** `YYYY-MM-DD`; absent when the register does not know the whole date. */
  readonly birthdate?: string
  /** Raw JPKI code: `1` male, `2` female, others as on the certificate. */
  readonly gender?: string
  /** Municipality as the certificate names it (two L RDNs, romaji), for the code table. */
  readonly municipality?: { readonly prefecture: string; readonly city: string }
  /** Date of issue of the certificate, `YYYY-MM-DD`: as of when the attributes stood. */
  readonly asOf: string
}

export const PERSONA_KINDS = ['gov', 'biz', 'priv'] as const
/** 行政 / ビジネス / プライベート */
export type PersonaKind = (typeof PERSONA_KINDS)[number]

export interface PersonaSummary {
  readonly personaId: string
  readonly kind: PersonaKind
  readonly label: string
}

export interface ClaimRequest {
  readonly name: string
  readonly essential: boolean
}

export interface ReleaseRequest {
  /** Id of the federation's interaction; one interaction gives at most one release. */
  readonly requestId: string
  readonly subjectRef: string
  readonly rpId: string
  readonly purposeId: string
  readonly claims: readonly ClaimRequest[]
}

/** What the person sees before consenting. Values are shown to the person alone. */
export interface ReleaseOffer {
  readonly personaId: string
  readonly claims: readonly {
    readonly name: string
    readonly essential: boolean
    readonly label: { readonly ja: string; readonly en: string }
    readonly value: string | boolean
  }[]
  readonly missingOptional: readonly string[]
}

export type OfferOutcome =
  | { readonly outcome: 'offered'; readonly offer: ReleaseOffer }
  /** An essential claim is not permitted or not available; to the relying party this looks like a refusal. */
  | {
      readonly outcome: 'unsatisfiable'
      readonly claims: readonly { readonly name: string; readonly reason: ClaimRefusal }[]
    }

export type ClaimRefusal =
  | 'NOT_REGISTERED'
  | 'NOT_ALLOWED_BY_PERSONA'
  | 'NOT_AVAILABLE'
  | 'STALE'
  | 'UNKNOWN_CLAIM'
  | 'FORBIDDEN'

export interface ConsentDocument {
  readonly releaseId: string
  /** RFC 8785 text of the document; its SHA-256 is the WebAuthn challenge. */
  readonly text: string
  readonly digest: Uint8Array
  readonly expiresAt: Date
}

export interface ConsentEvidence {
  /** As the authenticator service returned it: which ceremony, and a digest of the assertion. */
  readonly ceremonyId: string
  readonly assertionDigest: Uint8Array
  /** Digest that the person signed; must equal the document's. */
  readonly challenge: Uint8Array
}

export interface IssuedRelease {
  readonly releaseId: string
  readonly pairwiseSubject: string
  readonly claims: readonly { readonly name: string; readonly value: string | boolean }[]
  /** Cut to the hour. */
  readonly expiresAt: Date
}

/** What the wallet offers to the federation. */
export interface WalletPort {
  /** The person's personas; made at the first enrolment, so never empty for an enrolled person. */
  personas(subjectRef: string): Promise<readonly PersonaSummary[]>
  /** The persona chosen for this sector before, if any. */
  boundPersona(subjectRef: string, sectorId: string): Promise<PersonaSummary | undefined>
  /** Stores the choice; `Conflict` when a request under another persona is already consented. */
  bindPersona(subjectRef: string, sectorId: string, personaId: string): Promise<void>
  /** 43 characters of base64url; stable in (persona, sector, epoch). Remembers who it is, for `resolve`. */
  pairwiseSubject(subjectRef: string, sectorId: string, personaId: string): Promise<string>
  /** Whose pseudonym this is; undefined when unknown in that sector or erased. */
  resolve(
    sectorId: string,
    pairwiseSubject: string,
  ): Promise<{ readonly subjectRef: string; readonly personaId: string } | undefined>
  /** All pseudonyms of a person in a sector; for telling a relying party that a level changed. */
  pairwiseSubjects(subjectRef: string, sectorId: string): Promise<readonly string[]>

  offer(request: ReleaseRequest, personaId: string, at: Date): Promise<OfferOutcome>
  /** Makes the document that the person is to sign, for the claims not unticked. */
  prepareConsent(
    request: ReleaseRequest,
    personaId: string,
    declinedOptional: readonly string[],
    assurance: readonly { framework: string; axis: string; level: string }[],
    at: Date,
  ): Promise<ConsentDocument>
  /** Issues what the signed document says; once. `Conflict` when it was used, changed or has expired. */
  issue(
    releaseId: string,
    evidence: ConsentEvidence,
    minimum: Minimum,
    at: Date,
  ): Promise<IssuedRelease>
  /** Records that the person said no, or that the request could not be met; emits `ReleaseRefused`. */
  refuse(
    request: ReleaseRequest,
    personaId: string | undefined,
    reason: RefusalReason,
    at: Date,
  ): Promise<void>
  /** Claims of a release that is still in force, for redelivery to the same relying party within the hour. */
  released(releaseId: string, rpId: string, at: Date): Promise<IssuedRelease | undefined>
  /** Idempotent. `NotFound` when it is not this relying party's. */
  revokeByRelyingParty(releaseId: string, rpId: string, at: Date): Promise<void>
  /** Our own label of a claim; its bare name for one that we do not know. */
  claimLabel(name: string): { readonly ja: string; readonly en: string }
  /** Redeems a one-time reception ticket for the relying party of the sector the person chose; else undefined, whatever the cause. */
  redeemTicket(ticket: string, rpId: string, at: Date): Promise<IssuedRelease | undefined>
}

export type RefusalReason = 'REFUSED_BY_PERSON' | 'UNSATISFIABLE' | 'ASSURANCE_UNMET' | 'EXPIRED'
