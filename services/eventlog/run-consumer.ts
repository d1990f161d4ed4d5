import { afterCommit } from '../database/current-work.ts'
import type { Database } from '../database/database.ts'
import { isUnreachable } from '../database/errors.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { BackOff } from '../kernel/back-off.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import {
  applyBatch,
  NeedsSavepoints,
  type ApplyDependencies,
  type CheckedRecord,
  type Refusal,
} from './apply-batch.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { ConsumerStore } from './consumer-store.ts'
import { StalePosition, type Batch, type EventLog, type StoredRecord } from './event-log.ts'
import { EventRefused } from './event-refused.ts'
import { verifyEvent, type EventTrust } from './event-trust.ts'
import type { OutboxStore } from './outbox-store.ts'
import { deadLetterTopic, isTopic } from './topics.ts'
import { WakeUp } from './wake-up.ts'

const MAX_BATCH = 500
const BACK_OFF = { first: 100, last: 30_000 } as const

export type ConsumerStep = 'after-fetch' | 'before-commit' | 'after-commit'

export interface ConsumerDependencies {
  readonly eventLog: EventLog
  readonly database: Database
  readonly store: ConsumerStore
  /** Dead letters leave by it. */
  readonly outbox: OutboxStore
  readonly trust: EventTrust
  readonly environment: TrustEnvironment
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called when dead letters are durable: the relay's `wake`. */
  readonly onPublished?: () => void
  /** Called after each batch that took effect, with the topic. */
  readonly onApplied?: (topic: string) => void
  /** Called at each step; the crash test stops the process there. */
  readonly onStep?: (step: ConsumerStep) => void
  readonly maxBatch?: number
}

export interface RunningConsumer {
  readonly name: string
  /** Resolves after `stop`; rejects when the consumer's own logic failed, and then the process has to end. */
  readonly finished: Promise<void>
  /** How many places of the log this consumer is behind; 0 when it has handled all there is. */
  lag(): Promise<number>
  stop(): Promise<void>
}

/**
 * Starts a consumer. Each record is verified (form, producer, signature, environment), its version per key and source is
 * checked, and its effect is committed with the consumer's position. A record at fault parks its key, here and in the
 * dead-letter topic, and other keys go on.
 */
export function runConsumer(
  definition: ConsumerDefinition,
  deps: ConsumerDependencies,
): RunningConsumer {
  const { database, store, eventLog } = deps
  const subscription = eventLog.subscribe({
    group: definition.name,
    topics: definition.topics,
    maxBatch: deps.maxBatch ?? MAX_BATCH,
    startAt: async (topic, partition) =>
      (await database.read((tx) => store.offset(tx, definition.name, topic, partition))) ??
      'earliest',
    onBatch: (batch, signal) => handleBatch(definition, deps, batch, signal),
  })
  return {
    name: definition.name,
    finished: subscription.finished,
    lag: () => lagOf(definition, deps),
    stop: () => subscription.stop(),
  }
}

async function handleBatch(
  definition: ConsumerDefinition,
  deps: ConsumerDependencies,
  batch: Batch,
  signal: AbortSignal,
): Promise<void> {
  deps.onStep?.('after-fetch')
  const checked = batch.records.map((record) => check(record, deps))
  const pause = new WakeUp()
  const backOff = new BackOff(BACK_OFF)
  for (;;) {
    try {
      const refusals = await commitBatch(definition, deps, batch, checked)
      deps.onStep?.('after-commit')
      for (const refusal of refusals) report(definition, deps.log, refusal)
      deps.onApplied?.(batch.topic)
      return
    } catch (error) {
      if (!isUnreachable(error)) throw error
      const milliseconds = backOff.next()
      deps.log.warn('CONSUMER_RECREATED', { group: definition.name, milliseconds }, error)
      await pause.wait(milliseconds, signal)
      if (signal.aborted) throw new StalePosition('stopped while the database was away')
    }
  }
}

function check(
  record: StoredRecord,
  { trust, environment }: Pick<ConsumerDependencies, 'trust' | 'environment'>,
): CheckedRecord {
  try {
    return { record, event: verifyEvent(record, trust, environment) }
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error
    return { record, refusal: error }
  }
}

async function commitBatch(
  definition: ConsumerDefinition,
  deps: ConsumerDependencies,
  batch: Batch,
  checked: readonly CheckedRecord[],
): Promise<readonly Refusal[]> {
  const { database, store } = deps
  const context: ApplyDependencies = {
    definition,
    store,
    dialect: database.dialect,
    park: (tx, refusal) => park(definition, deps, tx, refusal),
  }
  const commit = (careful: boolean): Promise<readonly Refusal[]> =>
    database.run(async (tx) => {
      const refusals = await applyBatch(context, tx, batch, checked, careful)
      deps.onStep?.('before-commit')
      return refusals
    })
  try {
    return await commit(false)
  } catch (error) {
    if (!(error instanceof NeedsSavepoints)) throw error
    return commit(true)
  }
}

async function park(
  definition: ConsumerDefinition,
  { store, outbox, clock, random, onPublished }: ConsumerDependencies,
  tx: Tx,
  { record, reason, first }: Refusal,
): Promise<void> {
  const parkedAt = clock.now()
  await store.park(tx, definition.name, { ...record, reason, first, parkedAt })
  if (!isTopic(record.topic)) return
  await outbox.add(tx, {
    id: orderedId(random, parkedAt),
    topic: deadLetterTopic(record.topic),
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      dlq_reason: reason,
      dlq_group: definition.name,
      dlq_partition: String(record.partition),
      dlq_offset: String(record.offset),
    },
  })
  if (onPublished !== undefined) afterCommit(onPublished)
}

function report(definition: ConsumerDefinition, log: Log, { record, reason }: Refusal): void {
  log.error('EVENT_PARKED', {
    group: definition.name,
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    code: reason,
  })
}

async function lagOf(
  definition: ConsumerDefinition,
  { database, store, eventLog }: ConsumerDependencies,
): Promise<number> {
  const positions = await database.read((tx) => store.offsets(tx, definition.name))
  let lag = 0
  for (const topic of definition.topics) {
    for (const { partition, low, high } of await eventLog.watermarks(topic)) {
      const at = positions.find((one) => one.topic === topic && one.partition === partition)
      lag += Math.max(0, high - (at?.next ?? low))
    }
  }
  return lag
}
