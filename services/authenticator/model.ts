import type { AttestationTrust, AuthenticationFacts } from './authentication-facts.ts'

export const AUTHENTICATOR_STATES = ['pending', 'active', 'suspended', 'revoked'] as const
export type AuthenticatorState = (typeof AUTHENTICATOR_STATES)[number]

export type CeremonyKind = 'registration' | 'login' | 'consent' | 'card_login' | 'reproof'
export type SessionMethod = 'passkey' | 'card'

/** `authenticatorId` of a session by card. */
export const CARD = 'card'

/** COSE algorithms that we ask for and accept (RFC 9053 §2, RFC 8812 §2): ES256, EdDSA, RS256. */
export const ALGORITHMS = [-7, -8, -257] as const

export interface Authenticator {
  readonly id: string
  readonly subjectRef: string | null
  readonly expectedSubjectRef: string | null
  readonly state: AuthenticatorState
  readonly reason: string
  readonly credentialId: string
  readonly publicKey: Uint8Array
  readonly algorithm: number
  readonly rpId: string
  readonly userHandle: string
  readonly counter: number
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly attestation: AttestationTrust
  readonly claimedAaguid: string
  readonly transports: readonly string[]
  readonly bindingHash: string
  readonly boundByProofingId: string | null
  readonly createdAt: Date
  readonly pendingUntil: Date
  readonly boundAt: Date | null
  readonly lastUsedAt: Date | null
}

/** An authenticator that belongs to a person. */
export interface BoundAuthenticator extends Authenticator {
  readonly subjectRef: string
}

export function isBound(authenticator: Authenticator): authenticator is BoundAuthenticator {
  return authenticator.subjectRef !== null
}

export interface Ceremony {
  readonly id: string
  readonly kind: CeremonyKind
  /** base64url, 32 bytes. */
  readonly challenge: string
  readonly holder: string
  readonly userHandle: string | null
  readonly sessionId: string | null
  readonly subjectRef: string | null
  readonly authenticatorId: string | null
  readonly proofingSessionId: string | null
  readonly ticketHash: string | null
  readonly expiresAt: Date
  readonly consumedAt: Date | null
}

export interface Session {
  readonly id: string
  readonly tokenHash: string
  readonly subjectRef: string
  readonly method: SessionMethod
  readonly authenticatorId: string
  readonly auth: AuthenticationFacts
  readonly boundByProofingId: string | null
  readonly authenticatedAt: Date
  readonly lastActiveAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
}

/** Why a ceremony or a change was refused. Part of the answer and of the event, so stable. */
export type RefusalReason =
  | 'CEREMONY_EXPIRED'
  | 'CEREMONY_ALREADY_USED'
  | 'CEREMONY_OF_ANOTHER_BROWSER'
  | 'RESPONSE_MALFORMED'
  | 'TYPE_MISMATCH'
  | 'CHALLENGE_MISMATCH'
  | 'ORIGIN_MISMATCH'
  | 'CROSS_ORIGIN'
  | 'RP_ID_MISMATCH'
  | 'USER_NOT_PRESENT'
  | 'USER_NOT_VERIFIED'
  | 'BACKUP_FLAGS_INVALID'
  | 'BACKUP_ELIGIBILITY_CHANGED'
  | 'ALGORITHM_NOT_ALLOWED'
  | 'ATTESTATION_NOT_ACCEPTED'
  | 'SIGNATURE_INVALID'
  | 'CREDENTIAL_EXISTS'
  | 'CREDENTIAL_UNKNOWN'
  | 'CREDENTIAL_NOT_ALLOWED'
  | 'USER_HANDLE_MISMATCH'
  | 'AUTHENTICATOR_PENDING'
  | 'AUTHENTICATOR_SUSPENDED'
  | 'AUTHENTICATOR_REVOKED'
  | 'COUNTER_REGRESSED'
  | 'SESSION_ENDED'
  | 'TOO_MANY_AUTHENTICATORS'
  | 'SUBJECT_MISMATCH'
  | 'PROOF_MISMATCH'
