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
import type { Intent } from './api.ts'
import type { DecisionOccasion, LoggedCeremony } from './logged-ceremony.ts'
import type { StoredReport } from './release/stored-report.ts'
import type { SuccessorKey } from './release/trusted-keys.ts'
import type { StoredFact } from './subject-facts.ts'

/** The set of facts about each person. A fact is its own identity: learned twice, it stands once. */
export const facts = table(
  'policy_fact',
  {
    subjectRef: text('subject_ref').notNull(),
    digest: text('digest').notNull(),
    fact: json<StoredFact>('fact').notNull(),
    /** When it was learned; null for what was learned before this was noted. */
    recordedAt: instant('recorded_at'),
  },
  (t) => [primaryKey({ columns: [t.subjectRef, t.digest] })],
)

export const persons = table('policy_person', {
  subjectRef: text('subject_ref').primaryKey(),
  /** Events applied for this person; grows. */
  factsVersion: whole('facts_version').notNull(),
  erased: flag('erased').notNull(),
})

/** What is known of a person in the form that rules are asked with; made of the facts, and worth nothing without them. */
export const coded = table('policy_coded', {
  subjectRef: text('subject_ref').primaryKey(),
  /** Digest of the facts that were coded. */
  factsDigest: text('facts_digest').notNull(),
  /** Digest of what the words depend on besides them. */
  coding: text('coding').notNull(),
  words: bytes('words').notNull(),
})

/** Current levels of the identity axes. */
export const levels = table(
  'policy_level',
  {
    subjectRef: text('subject_ref').notNull(),
    framework: text('framework').notNull(),
    axis: text('axis').notNull(),
    level: text('level').notNull(),
    missing: json<readonly string[]>('missing').notNull(),
    validUntil: instant('valid_until'),
    /** When it must be looked at again though no event arrives. */
    dueAt: instant('due_at'),
    policyDigest: text('policy_digest').notNull(),
    factsDigest: text('facts_digest').notNull(),
    decidedAt: instant('decided_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subjectRef, t.framework, t.axis] }),
    index('policy_level_due_at').on(t.dueAt),
  ],
)

/** Every change of a level, and every answer to a relying party by axis, with what it was made of. */
export const decisions = table(
  'policy_decision',
  {
    id: text('id').primaryKey(),
    subjectRef: text('subject_ref').notNull(),
    framework: text('framework').notNull(),
    axis: text('axis').notNull(),
    level: text('level').notNull(),
    firedRules: json<readonly string[]>('fired_rules').notNull(),
    validUntil: instant('valid_until'),
    policyDigest: text('policy_digest').notNull(),
    factsDigest: text('facts_digest').notNull(),
    causeEventId: text('cause_event_id').notNull(),
    decidedAt: instant('decided_at').notNull(),
    /** `change` of a level, or what an answer was given for. */
    occasion: text('occasion').$type<DecisionOccasion>().notNull().default('change'),
    /** The same in all rows of one answer. */
    questionId: text('question_id'),
    relyingParty: text('relying_party'),
    /** Level that was asked for. */
    requested: text('requested'),
    satisfied: flag('satisfied'),
    /** The login that the answer is about, as facts. */
    ceremony: json<LoggedCeremony>('ceremony'),
  },
  (t) => [
    index('policy_decision_subject_ref').on(t.subjectRef),
    index('policy_decision_decided_at').on(t.decidedAt),
  ],
)

export const activations = table('policy_activation', {
  pack: text('pack').primaryKey(),
  version: text('version').notNull(),
  digest: text('digest').notNull(),
  activatedAt: instant('activated_at').notNull(),
})

/** Whoever edits policies, or asked to. */
export const authors = table(
  'policy_author',
  {
    subjectRef: text('subject_ref').primaryKey(),
    /** How the person is named in proposals and releases. */
    code: text('code').notNull(),
    granted: flag('granted').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('policy_author_code').on(t.code)],
)

/** Documents of packs, by the digest of them all. */
export const contents = table('policy_content', {
  digest: text('digest').primaryKey(),
  documents: json<readonly (readonly [string, string])[]>('documents').notNull(),
})

/** What was ever in force, so that old decisions can be explained. */
export const policies = table('policy_in_force', {
  policyDigest: text('policy_digest').primaryKey(),
  pack: text('pack').notNull(),
  contentDigest: text('content_digest').notNull(),
  since: instant('since').notNull(),
})

export const proposals = table('policy_proposal', {
  id: text('id').primaryKey(),
  state: text('state').$type<'open' | 'published' | 'withdrawn' | 'refused'>().notNull(),
  author: text('author').notNull(),
  note: text('note').notNull(),
  intent: text('intent').$type<Intent>().notNull().default('any'),
  at: instant('at').notNull(),
  rolledBackTo: whole('rolled_back_to'),
  /** Id of the key that signs every release after this one, where it hands over. */
  successor: text('successor'),
  /** What was in force when it was made. */
  basePolicyDigest: text('base_policy_digest').notNull(),
  baseContentDigest: text('base_content_digest').notNull(),
  contentDigest: text('content_digest').notNull(),
  /** What the gates found when it was made. */
  report: json<StoredReport>('report').notNull(),
  /** Code of whoever approved or refused it. */
  decidedBy: text('decided_by'),
  /** Why it was refused. */
  refusal: text('refusal'),
})

export const releases = table(
  'policy_release',
  {
    digest: text('digest').primaryKey(),
    sequence: whole('sequence').notNull(),
    previous: text('previous'),
    pack: text('pack').notNull(),
    policyDigest: text('policy_digest').notNull(),
    contentDigest: text('content_digest').notNull(),
    versions:
      json<readonly { readonly framework: string; readonly version: string }[]>(
        'versions',
      ).notNull(),
    author: text('author').notNull(),
    approver: text('approver').notNull(),
    note: text('note').notNull(),
    intent: text('intent').$type<Intent>().notNull().default('any'),
    rolledBackTo: whole('rolled_back_to'),
    successor: json<SuccessorKey>('successor'),
    publishedAt: instant('published_at').notNull(),
    kid: text('kid').notNull(),
    signature: bytes('signature').notNull(),
  },
  // Of two that approve at once, one has to fail.
  (t) => [uniqueIndex('policy_release_sequence').on(t.sequence)],
)
