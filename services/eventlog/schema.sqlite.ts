import {
  bytes,
  flag,
  index,
  instant,
  json,
  primaryKey,
  sequence,
  table,
  text,
  transactionId,
  uniqueIndex,
  whole,
} from '../database/columns-sqlite.ts'

/** Events that are committed and not yet in the log; column names map to the usual outbox of relay products. */
export const outbox = table(
  'eventlog_outbox',
  {
    seq: sequence('seq'),
    transactionId: transactionId('transaction_id'),
    id: text('id').notNull(),
    topic: text('topic').notNull(),
    key: text('key').notNull(),
    headers: json<Record<string, string>>('headers').notNull(),
    value: bytes('value'),
    /** Why the log refused it; it and what follows under its key stay until an operator acts. */
    refusal: text('refusal'),
  },
  (t) => [
    uniqueIndex('eventlog_outbox_id').on(t.id),
    index('eventlog_outbox_order').on(t.transactionId, t.seq),
  ],
)

/** The last version given out per producer, topic and key. */
export const keyVersion = table(
  'eventlog_key_version',
  {
    source: text('source').notNull(),
    topic: text('topic').notNull(),
    key: text('key').notNull(),
    version: whole('version').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.topic, t.key] })],
)

/** The key with which each producer signs, as of its first start; another one would sign what nobody else believes. */
export const producerKey = table('eventlog_producer_key', {
  source: text('source').primaryKey(),
  keyId: text('key_id').notNull(),
})

/** Where a consumer goes on; written with its effect. */
export const consumerOffset = table(
  'eventlog_consumer_offset',
  {
    consumer: text('consumer').notNull(),
    topic: text('topic').notNull(),
    partition: whole('partition').notNull(),
    next: whole('next').notNull(),
  },
  (t) => [primaryKey({ columns: [t.consumer, t.topic, t.partition] })],
)

/** The last version applied per consumer, topic, key and source. */
export const consumerKey = table(
  'eventlog_consumer_key',
  {
    consumer: text('consumer').notNull(),
    topic: text('topic').notNull(),
    key: text('key').notNull(),
    source: text('source').notNull(),
    version: whole('version').notNull(),
  },
  (t) => [primaryKey({ columns: [t.consumer, t.topic, t.key, t.source] })],
)

/** Events that a consumer could not take, with all that followed under their key. */
export const parkedEvent = table(
  'eventlog_parked_event',
  {
    consumer: text('consumer').notNull(),
    topic: text('topic').notNull(),
    partition: whole('partition').notNull(),
    offset: whole('offset').notNull(),
    key: text('key').notNull(),
    headers: json<Record<string, string>>('headers').notNull(),
    value: bytes('value'),
    reason: text('reason').notNull(),
    parkedAt: instant('parked_at').notNull(),
    /** The event at fault, as opposed to those that wait behind it. */
    first: flag('first').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.consumer, t.topic, t.partition, t.offset] }),
    index('eventlog_parked_event_key').on(t.consumer, t.topic, t.key),
  ],
)

/** Events that an operator had taken out of the way, and why; they had no effect. */
export const discardedEvent = table(
  'eventlog_discarded_event',
  {
    consumer: text('consumer').notNull(),
    topic: text('topic').notNull(),
    partition: whole('partition').notNull(),
    offset: whole('offset').notNull(),
    key: text('key').notNull(),
    headers: json<Record<string, string>>('headers').notNull(),
    value: bytes('value'),
    /** Why the consumer had refused it. */
    reason: text('reason').notNull(),
    parkedAt: instant('parked_at').notNull(),
    /** What the operator said. */
    discardReason: text('discard_reason').notNull(),
    discardedAt: instant('discarded_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.consumer, t.topic, t.partition, t.offset] })],
)

// The log itself, which stands in the same file; with PostgreSQL it is on Kafka, so these have no twin there.

export const logTopic = table('eventlog_log_topic', {
  name: text('name').primaryKey(),
  partitions: whole('partitions').notNull(),
  cleanup: text('cleanup').notNull(),
  retentionMilliseconds: whole('retention_milliseconds'),
})

export const logPartition = table(
  'eventlog_log_partition',
  {
    topic: text('topic').notNull(),
    partition: whole('partition').notNull(),
    low: whole('low').notNull(),
    next: whole('next').notNull(),
  },
  (t) => [primaryKey({ columns: [t.topic, t.partition] })],
)

export const logRecord = table(
  'eventlog_log_record',
  {
    topic: text('topic').notNull(),
    partition: whole('partition').notNull(),
    offset: whole('offset').notNull(),
    id: bytes('id').notNull(),
    key: text('key').notNull(),
    headers: json<Record<string, string>>('headers').notNull(),
    value: bytes('value'),
    appendedAt: instant('appended_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.topic, t.partition, t.offset] }),
    uniqueIndex('eventlog_log_record_id').on(t.topic, t.id),
  ],
)
