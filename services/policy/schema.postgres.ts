import {
  flag,
  index,
  instant,
  json,
  primaryKey,
  table,
  text,
  whole,
} from '../database/columns-postgres.ts'
import type { StoredFact } from './subject-facts.ts'

/** The set of facts about each person. A fact is its own identity: learned twice, it stands once. */
export const facts = table(
  'policy_fact',
  {
    subjectRef: text('subject_ref').notNull(),
    digest: text('digest').notNull(),
    fact: json<StoredFact>('fact').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subjectRef, t.digest] })],
)

export const persons = table('policy_person', {
  subjectRef: text('subject_ref').primaryKey(),
  /** Events applied for this person; grows. */
  factsVersion: whole('facts_version').notNull(),
  erased: flag('erased').notNull(),
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

/** Every change of a level, with what it was made of. */
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
  },
  (t) => [index('policy_decision_subject_ref').on(t.subjectRef)],
)

export const activations = table('policy_activation', {
  pack: text('pack').primaryKey(),
  version: text('version').notNull(),
  digest: text('digest').notNull(),
  activatedAt: instant('activated_at').notNull(),
})
