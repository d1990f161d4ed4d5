import type { Database } from '../database/database.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { NotFound } from '../kernel/errors.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { KeyVersions } from './apply-batch.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { ConsumerStore, ParkedRecord } from './consumer-store.ts'
import { EventRefused } from './event-refused.ts'
import { verifyEvent, type EventTrust } from './event-trust.ts'

export interface ParkedDependencies {
  readonly database: Database
  readonly store: ConsumerStore
  readonly trust: EventTrust
  readonly environment: TrustEnvironment
}

/** One key that a consumer has stopped at. */
export interface ParkedKey {
  readonly consumer: string
  readonly topic: string
  readonly key: string
  readonly reason: string
  readonly parkedAt: Date
  readonly offset: number
}

/** The keys that wait for an operator, longest waiting first (1,000 at most). */
export async function listParkedKeys({
  database,
  store,
}: Pick<ParkedDependencies, 'database' | 'store'>): Promise<ParkedKey[]> {
  const faults = await database.read((tx) => store.faults(tx))
  return faults.map(({ consumer, topic, key, reason, parkedAt, offset }) => ({
    consumer,
    topic,
    key,
    reason,
    parkedAt,
    offset,
  }))
}

/** The events of one parked key in the order of the log: the one at fault, then those behind it. */
export function inspectParkedKey(
  { database, store }: Pick<ParkedDependencies, 'database' | 'store'>,
  consumer: string,
  topic: string,
  key: string,
): Promise<ParkedRecord[]> {
  return database.read((tx) => store.parked(tx, consumer, topic, key))
}

/**
 * Applies the parked events of a key, in order, after an operator has mended the cause (trust list, code, missing event).
 * All take effect, or none and the key stays parked.
 * @returns how many were applied; those that had taken effect already are dropped
 * @throws NotFound when the key is not parked; EventRefused or the consumer's own fault when the cause is still there
 */
export async function replayParkedKey(
  { database, store, trust, environment }: ParkedDependencies,
  definition: ConsumerDefinition,
  topic: string,
  key: string,
): Promise<number> {
  const { name } = definition
  return database.run(async (tx) => {
    const records = await store.parked(tx, name, topic, key)
    if (records.length === 0) throw new NotFound(`the key is not parked for \`${name}\``)
    await meetConsumer(store, tx, name, topic, records)
    const versions = new KeyVersions(await store.versions(tx, name, topic, [key]))
    let applied = 0
    for (const record of records) {
      const event = verifyEvent(record, trust, environment)
      const verdict = versions.judge(event)
      if (verdict === 'gap')
        throw new EventRefused('EVENT_VERSION_GAP', 'an earlier event is missing')
      if (verdict === 'next') {
        await definition.apply(tx, event)
        versions.advance(event)
        applied += 1
      }
      await store.unpark(tx, name, record)
    }
    await store.setVersions(tx, name, topic, versions.changed())
    return applied
  })
}

/**
 * Writes the position that is there: a running consumer writes it too, so one of the two is run again (PostgreSQL) or waits
 * (SQLite). Otherwise the consumer could park one more event behind the fault that is being taken away.
 */
async function meetConsumer(
  store: ConsumerStore,
  tx: Tx,
  consumer: string,
  topic: string,
  records: readonly ParkedRecord[],
): Promise<void> {
  for (const partition of new Set(records.map((record) => record.partition))) {
    const next = await store.offset(tx, consumer, topic, partition)
    if (next !== undefined) await store.moveTo(tx, consumer, topic, partition, next)
  }
}
