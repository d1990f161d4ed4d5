import {
  bytes,
  flag,
  index,
  instant,
  json,
  primaryKey,
  table,
  text,
  whole,
} from '../database/columns-sqlite.ts'
import type { OpenMinimum } from '../policy/ports.ts'
import type { ClaimRequest } from '../wallet/ports.ts'
import type {
  FailureReason,
  Interaction,
  InteractionResult,
  InteractionStatus,
  PendingConsent,
  PendingSignature,
  Progress,
  ShortfallRecord,
} from './interaction.ts'
import type { Registration } from './registration.ts'

export const relyingParty = table('federation_relying_party', {
  rpId: text('rp_id').primaryKey(),
  registration: json<Registration>('registration').notNull(),
  /** SHA-256 of the registration in RFC 8785 form. */
  digest: bytes('digest').notNull(),
  version: whole('version').notNull(),
  changedAt: instant('changed_at').notNull(),
})

export const interaction = table(
  'federation_interaction',
  {
    id: text('id').primaryKey(),
    kind: text('kind').$type<Interaction['kind']>().notNull(),
    rpId: text('rp_id').notNull(),
    returnUri: text('return_uri').notNull(),
    uiLocale: text('ui_locale').notNull(),
    minimum: json<OpenMinimum>('minimum').notNull(),
    purposeId: text('purpose_id'),
    claims: json<readonly ClaimRequest[]>('claims').notNull(),
    status: text('status').$type<InteractionStatus>().notNull(),
    progress: text('progress').$type<Progress>().notNull(),
    version: whole('version').notNull(),
    browserHash: bytes('browser_hash'),
    subjectRef: text('subject_ref'),
    personaId: text('persona_id'),
    consent: json<PendingConsent>('consent'),
    signatureId: text('signature_id'),
    signing: json<PendingSignature>('signing'),
    result: json<InteractionResult>('result'),
    codeSha256: bytes('code_sha256'),
    failure: text('failure').$type<FailureReason>(),
    shortfalls: json<readonly ShortfallRecord[]>('shortfalls').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [
    index('federation_interaction_status').on(t.status, t.expiresAt),
    index('federation_interaction_subject').on(t.subjectRef),
  ],
)

/** Whom a relying party knows: the persons that completed a request of its own. */
export const knownSubject = table(
  'federation_known_subject',
  {
    rpId: text('rp_id').notNull(),
    pairwiseSubject: text('pairwise_subject').notNull(),
    subjectRef: text('subject_ref').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.rpId, t.pairwiseSubject] }),
    index('federation_known_subject_ref').on(t.subjectRef),
  ],
)

/** Axes whose level a relying party was told of a person in a completed request of its own. */
export const toldAxis = table(
  'federation_told_axis',
  {
    rpId: text('rp_id').notNull(),
    pairwiseSubject: text('pairwise_subject').notNull(),
    framework: text('framework').notNull(),
    axis: text('axis').notNull(),
    /** What was told last of an axis of logins; null for one of persons. */
    loginLevel: text('login_level'),
  },
  (t) => [primaryKey({ columns: [t.rpId, t.pairwiseSubject, t.framework, t.axis] })],
)

export const feedHead = table('federation_feed_head', {
  rpId: text('rp_id').primaryKey(),
  last: whole('last').notNull(),
})

/** What one relying party is told, in its own order. */
export const feed = table(
  'federation_feed',
  {
    rpId: text('rp_id').notNull(),
    place: whole('place').notNull(),
    kind: text('kind').$type<'level' | 'gone'>().notNull(),
    pairwiseSubject: text('pairwise_subject').notNull(),
    framework: text('framework').notNull(),
    axis: text('axis').notNull(),
    level: text('level').notNull(),
    previousLevel: text('previous_level').notNull(),
    lowered: flag('lowered').notNull(),
    validUntil: instant('valid_until'),
    /** Null in rows from before this was kept; they go with the next later one. */
    notedAt: instant('noted_at'),
  },
  (t) => [
    primaryKey({ columns: [t.rpId, t.place] }),
    index('federation_feed_noted').on(t.notedAt),
    index('federation_feed_subject').on(t.rpId, t.pairwiseSubject),
  ],
)

export const usedAssertion = table(
  'federation_used_assertion',
  {
    rpId: text('rp_id').notNull(),
    jtiDigest: text('jti_digest').notNull(),
    until: instant('until').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.rpId, t.jtiDigest] }),
    index('federation_used_assertion_until').on(t.until),
  ],
)

/** Keys that only have to be the same for all processes. */
export const key = table('federation_key', {
  name: text('name').primaryKey(),
  value: bytes('value').notNull(),
})
