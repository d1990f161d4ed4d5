import {
  bytes,
  flag,
  index,
  instant,
  json,
  primaryKey,
  table,
  text,
  uniqueIndex,
  whole,
} from '../database/columns-postgres.ts'
import type { AttestationTrust, AuthenticationFacts } from './authentication-facts.ts'
import type { AuthenticatorState, CeremonyKind, SessionMethod } from './model.ts'

/** One row per passkey ever made here. A row without `subject_ref` is one that no card has vouched for. */
export const authenticators = table(
  'authenticator_authenticator',
  {
    id: text('id').primaryKey(),
    subjectRef: text('subject_ref'),
    /** Who was logged in when it was made: the card must name the same person. */
    expectedSubjectRef: text('expected_subject_ref'),
    state: text('state').$type<AuthenticatorState>().notNull(),
    reason: text('reason').notNull(),
    credentialId: text('credential_id').notNull(),
    publicKey: bytes('public_key').notNull(),
    algorithm: whole('algorithm').notNull(),
    rpId: text('rp_id').notNull(),
    userHandle: text('user_handle').notNull(),
    counter: whole('counter').notNull(),
    backupEligible: flag('backup_eligible').notNull(),
    backedUp: flag('backed_up').notNull(),
    attestation: text('attestation').$type<AttestationTrust>().notNull(),
    /** What the authenticator says of its model; a claim, never evidence. */
    claimedAaguid: text('claimed_aaguid').notNull(),
    transports: json<readonly string[]>('transports').notNull(),
    bindingHash: text('binding_hash').notNull(),
    boundByProofingId: text('bound_by_proofing_id'),
    createdAt: instant('created_at').notNull(),
    pendingUntil: instant('pending_until').notNull(),
    boundAt: instant('bound_at'),
    lastUsedAt: instant('last_used_at'),
  },
  (t) => [
    uniqueIndex('authenticator_authenticator_credential').on(t.credentialId),
    uniqueIndex('authenticator_authenticator_binding').on(t.bindingHash),
    index('authenticator_authenticator_subject').on(t.subjectRef),
  ],
)

/** One row per ceremony. Its challenge is unique and is taken once, by the conditional write of `consumed_at`. */
export const ceremonies = table(
  'authenticator_ceremony',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<CeremonyKind>().notNull(),
    challenge: text('challenge').notNull(),
    /** Who may finish it: the digest of the browser's cookie, or the session of a consent. */
    holder: text('holder').notNull(),
    userHandle: text('user_handle'),
    /** The session that a consent belongs to, or that a card login made. */
    sessionId: text('session_id'),
    subjectRef: text('subject_ref'),
    authenticatorId: text('authenticator_id'),
    proofingSessionId: text('proofing_session_id'),
    ticketHash: text('ticket_hash'),
    expiresAt: instant('expires_at').notNull(),
    consumedAt: instant('consumed_at'),
  },
  (t) => [
    uniqueIndex('authenticator_ceremony_challenge').on(t.challenge),
    index('authenticator_ceremony_ticket').on(t.ticketHash),
    index('authenticator_ceremony_expiry').on(t.expiresAt),
    index('authenticator_ceremony_subject').on(t.subjectRef),
  ],
)

export const sessions = table(
  'authenticator_session',
  {
    id: text('id').primaryKey(),
    tokenHash: text('token_hash').notNull(),
    subjectRef: text('subject_ref').notNull(),
    method: text('method').$type<SessionMethod>().notNull(),
    /** `card` for a session by card. */
    authenticatorId: text('authenticator_id').notNull(),
    auth: json<AuthenticationFacts>('auth').notNull(),
    boundByProofingId: text('bound_by_proofing_id'),
    authenticatedAt: instant('authenticated_at').notNull(),
    lastActiveAt: instant('last_active_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    endedAt: instant('ended_at'),
  },
  (t) => [
    uniqueIndex('authenticator_session_token').on(t.tokenHash),
    index('authenticator_session_subject').on(t.subjectRef),
    index('authenticator_session_authenticator').on(t.authenticatorId),
    index('authenticator_session_expiry').on(t.expiresAt),
    index('authenticator_session_open').on(t.endedAt, t.lastActiveAt),
  ],
)

/** At which relying parties a session was used. */
export const sessionUses = table(
  'authenticator_session_use',
  {
    sessionId: text('session_id').notNull(),
    rpId: text('rp_id').notNull(),
    usedAt: instant('used_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.rpId] })],
)
