import {
  bytes,
  flag,
  index,
  instant,
  primaryKey,
  table,
  text,
  uniqueIndex,
  whole,
} from '../database/columns-postgres.ts'
import type { ProofPurpose } from '../card/proof-message.ts'
import type { CertificateKind } from '../jpki/trust-anchor.ts'
import type { CertificateStatusName } from './events.ts'
import type { CheckUse } from './check-use.ts'
import type { Reason } from './reasons.ts'
import type { KeyUse, SessionStatus, TokenType } from './session.ts'

/** One row per proofing session; a passed one is the record of its proofing. */
export const sessions = table(
  'proofing_session',
  {
    sessionId: text('session_id').primaryKey(),
    ticketHash: text('ticket_hash').notNull(),
    purpose: text('purpose').$type<ProofPurpose>().notNull(),
    rpId: text('rp_id').notNull(),
    keyUse: text('key_use').$type<KeyUse>().notNull(),
    nonce: bytes('nonce').notNull(),
    bindingHash: bytes('binding_hash').notNull(),
    returnPath: text('return_path').notNull(),
    openedAt: instant('opened_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    status: text('status').$type<SessionStatus>().notNull(),
    reason: text('reason').$type<Reason>(),
    evidenceDigest: text('evidence_digest'),
    tokenType: text('token_type').$type<TokenType>(),
    takenAt: instant('taken_at'),
    /** Whose card it has to be; null where anybody's may come. */
    expectedSubjectRef: text('expected_subject_ref'),
    proofingId: text('proofing_id'),
    subjectRef: text('subject_ref'),
    certificateRef: text('certificate_ref'),
    reads: whole('reads').notNull(),
    submissions: whole('submissions').notNull(),
  },
  (t) => [
    uniqueIndex('proofing_session_ticket').on(t.ticketHash),
    uniqueIndex('proofing_session_proofing').on(t.proofingId),
    index('proofing_session_certificate').on(t.certificateRef),
    index('proofing_session_subject').on(t.subjectRef),
    index('proofing_session_status').on(t.status, t.expiresAt),
  ],
)

/** A person by the keyed digest of the linkage service's id. */
export const persons = table(
  'proofing_person',
  {
    subjectRef: text('subject_ref').primaryKey(),
    personRef: text('person_ref').notNull(),
    enrolledAt: instant('enrolled_at').notNull(),
    /** When the person last had the certificates checked: each check is paid for. */
    checkedAt: instant('checked_at'),
  },
  (t) => [uniqueIndex('proofing_person_ref').on(t.personRef)],
)

/** A certificate that proofed a person, by keyed digest, with what the revocation monitor last knew. */
export const certificates = table(
  'proofing_certificate',
  {
    certificateRef: text('certificate_ref').primaryKey(),
    subjectRef: text('subject_ref').notNull(),
    kind: text('kind').$type<CertificateKind>().notNull(),
    /** SHA-256 of the anchor that issued it, hexadecimal. */
    issuer: text('issuer').notNull(),
    /** Serial and names of revocation sources, sealed. */
    target: bytes('target').notNull(),
    notAfter: instant('not_after').notNull(),
    status: text('status').$type<CertificateStatusName>().notNull(),
    reason: text('reason').notNull(),
    lastGoodAt: instant('last_good_at').notNull(),
    /** The proofing or the deposit that brought newer attributes than this certificate's; null while there is none. */
    attributesFrom: text('attributes_from'),
  },
  (t) => [
    index('proofing_certificate_subject').on(t.subjectRef),
    index('proofing_certificate_not_after').on(t.notAfter),
    index('proofing_certificate_reason').on(t.reason, t.attributesFrom),
  ],
)

/** A consent to fetch the latest attributes. One of a person stands at a time; it is kept until the person is erased. */
export const consents = table(
  'proofing_consent',
  {
    consentId: text('consent_id').primaryKey(),
    /** Empty once the person is erased: the row stays until the register's service knows of the end. */
    subjectRef: text('subject_ref').notNull(),
    /** What the service that supplies them calls it. */
    reference: text('reference').notNull(),
    /** SHA-256 of the document, hexadecimal. */
    documentDigest: text('document_digest').notNull(),
    /** What was signed and the signature, sealed. */
    evidence: bytes('evidence').notNull(),
    givenAt: instant('given_at').notNull(),
    withdrawnAt: instant('withdrawn_at'),
    /** Whether the service that supplies them knows of the end. */
    endTold: flag('end_told').notNull(),
    /** Before this it is not asked again; it did not answer. */
    retryAt: instant('retry_at'),
  },
  (t) => [
    index('proofing_consent_subject').on(t.subjectRef),
    index('proofing_consent_end').on(t.endTold, t.withdrawnAt),
  ],
)

/** Highest number seen of each CRL, so that an older one is known for a replay. */
export const crlNumbers = table('proofing_crl_number', {
  /** Digest of issuer and distribution point, hexadecimal. */
  point: text('point').primaryKey(),
  number: text('number').notNull(),
})

/** How many revocation checks were made in a month, and for whom; no person is in it. */
export const checkCounts = table(
  'proofing_check_count',
  {
    /** `YYYY-MM`, UTC. */
    month: text('month').notNull(),
    use: text('use').$type<CheckUse>().notNull(),
    kind: text('kind').$type<CertificateKind>().notNull(),
    /** Relying party on whose behalf; empty: our own. */
    rpId: text('rp_id').notNull(),
    count: whole('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.month, t.use, t.kind, t.rpId] })],
)
