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
import type { Allowance } from './decide-release.ts'
import type { AssuranceLevel } from './ledger-chain.ts'
import type { PersonaKind } from './ports.ts'
import type { Registration } from './registration.ts'
import type { KeyClass } from './keys.ts'
import type { ReleaseState, RequestedClaim } from './release-state.ts'

/** Wrapped keys. To delete a row is to destroy everything below it. */
export const key = table(
  'wallet_key',
  {
    keyId: text('key_id').primaryKey(),
    keyClass: text('key_class').$type<KeyClass>().notNull(),
    subjectRef: text('subject_ref'),
    /** Null: wrapped by the key encryption key of `epoch`. */
    parentId: text('parent_id'),
    epoch: text('epoch').notNull(),
    wrapped: bytes('wrapped').notNull(),
    madeAt: instant('made_at').notNull(),
  },
  (t) => [
    index('wallet_key_subject').on(t.subjectRef),
    index('wallet_key_epoch').on(t.epoch),
    index('wallet_key_class').on(t.keyClass),
  ],
)

/** Attributes on their way from proofing to a person. Once taken, the row is an empty marker. */
export const deposit = table(
  'wallet_deposit',
  {
    proofingId: text('proofing_id').primaryKey(),
    depositedAt: instant('deposited_at').notNull(),
    keyId: text('key_id'),
    sealed: bytes('sealed'),
    takenAt: instant('taken_at'),
  },
  (t) => [index('wallet_deposit_waiting').on(t.takenAt, t.depositedAt)],
)

/** A person; after erasure a marker that keeps replayed events from making the person again. */
export const subject = table(
  'wallet_subject',
  {
    subjectRef: text('subject_ref').primaryKey(),
    enrolledAt: instant('enrolled_at').notNull(),
    erasedAt: instant('erased_at'),
    /** When the storage engine dropped what it still held of the destroyed keys. */
    scrubbedAt: instant('scrubbed_at'),
    ledgerLength: whole('ledger_length').notNull(),
    ledgerHead: bytes('ledger_head').notNull(),
    /** Until when the ledger of an erased person is kept. */
    ledgerUntil: instant('ledger_until'),
  },
  (t) => [index('wallet_subject_erased').on(t.erasedAt)],
)

export const attribute = table(
  'wallet_attribute',
  {
    subjectRef: text('subject_ref').notNull(),
    name: text('name').notNull(),
    sealed: bytes('sealed').notNull(),
    asOf: text('as_of').notNull(),
    proofingId: text('proofing_id').notNull(),
    stale: flag('stale').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectRef, t.name] })],
)

export const persona = table(
  'wallet_persona',
  {
    personaId: text('persona_id').primaryKey(),
    subjectRef: text('subject_ref').notNull(),
    kind: text('kind').$type<PersonaKind>().notNull(),
    keyId: text('key_id').notNull(),
    /** What the person calls it, sealed under the persona's key. */
    sealedLabel: bytes('sealed_label').notNull(),
    allowance: json<Allowance>('allowance').notNull(),
    position: whole('position').notNull(),
  },
  (t) => [index('wallet_persona_subject').on(t.subjectRef)],
)

/** The persona that a person shows to a sector. */
export const binding = table(
  'wallet_binding',
  {
    subjectRef: text('subject_ref').notNull(),
    sectorId: text('sector_id').notNull(),
    personaId: text('persona_id').notNull(),
    boundAt: instant('bound_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectRef, t.sectorId] })],
)

export const pairwise = table(
  'wallet_pairwise',
  {
    sectorId: text('sector_id').notNull(),
    pairwiseSubject: text('pairwise_subject').notNull(),
    subjectRef: text('subject_ref').notNull(),
    personaId: text('persona_id').notNull(),
    epoch: whole('epoch').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.sectorId, t.pairwiseSubject] }),
    index('wallet_pairwise_subject').on(t.subjectRef, t.sectorId),
  ],
)

/** Age limits that a sector was told for a persona. */
export const threshold = table(
  'wallet_threshold',
  {
    personaId: text('persona_id').notNull(),
    sectorId: text('sector_id').notNull(),
    claim: text('claim').notNull(),
    subjectRef: text('subject_ref').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.personaId, t.sectorId, t.claim] }),
    index('wallet_threshold_subject').on(t.subjectRef),
  ],
)

/** A request of a relying party and what became of it; one row per request. */
export const release = table(
  'wallet_release',
  {
    releaseId: text('release_id').primaryKey(),
    requestId: text('request_id').notNull(),
    subjectRef: text('subject_ref').notNull(),
    rpId: text('rp_id').notNull(),
    sectorId: text('sector_id').notNull(),
    purposeId: text('purpose_id').notNull(),
    personaId: text('persona_id'),
    state: text('state').$type<ReleaseState>().notNull(),
    requested: json<readonly RequestedClaim[]>('requested').notNull(),
    /** What the document names. */
    consented: json<readonly string[]>('consented').notNull(),
    levels: json<readonly AssuranceLevel[]>('levels').notNull(),
    /** SHA-256 of the registered purpose as it was shown. */
    purposeDigest: bytes('purpose_digest'),
    /** Keyed digest of the values that were shown. */
    valuesDigest: bytes('values_digest'),
    /** SHA-256 of the consent document. */
    consentDigest: bytes('consent_digest'),
    consentUntil: instant('consent_until'),
    pairwiseSubject: text('pairwise_subject'),
    issuedAt: instant('issued_at'),
    /** Until when the relying party may rely on it; cut to the hour. */
    reliableUntil: instant('reliable_until'),
    /** Until when the relying party keeps it, by the registered purpose. */
    retainedUntil: instant('retained_until'),
  },
  (t) => [
    uniqueIndex('wallet_release_request').on(t.requestId),
    index('wallet_release_subject').on(t.subjectRef),
    index('wallet_release_consent_until').on(t.state, t.consentUntil),
    index('wallet_release_retained_until').on(t.state, t.retainedUntil),
  ],
)

/** Values of a release for redelivery, under a key of their own that lives less than an hour. */
export const releaseValue = table(
  'wallet_release_value',
  {
    releaseId: text('release_id').primaryKey(),
    subjectRef: text('subject_ref').notNull(),
    keyId: text('key_id').notNull(),
    sealed: bytes('sealed').notNull(),
    until: instant('until').notNull(),
  },
  (t) => [
    index('wallet_release_value_until').on(t.until),
    index('wallet_release_value_subject').on(t.subjectRef),
  ],
)

export const ticket = table(
  'wallet_ticket',
  {
    /** SHA-256 of the ticket, base64url. */
    ticketHash: text('ticket_hash').primaryKey(),
    releaseId: text('release_id').notNull(),
    subjectRef: text('subject_ref').notNull(),
    sectorId: text('sector_id').notNull(),
    expiresAt: instant('expires_at').notNull(),
    redeemedAt: instant('redeemed_at'),
  },
  (t) => [
    index('wallet_ticket_expires').on(t.expiresAt),
    index('wallet_ticket_subject').on(t.subjectRef),
  ],
)

/** Append-only; each row's hash covers the one before. */
export const ledgerEntry = table(
  'wallet_ledger_entry',
  {
    subjectRef: text('subject_ref').notNull(),
    sequence: whole('sequence').notNull(),
    sealed: bytes('sealed').notNull(),
    hash: bytes('hash').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectRef, t.sequence] })],
)

/** Projection of the registry. */
export const relyingParty = table('wallet_relying_party', {
  rpId: text('rp_id').primaryKey(),
  version: whole('version').notNull(),
  registration: json<Registration>('registration').notNull(),
})
