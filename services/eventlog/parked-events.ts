import type { Database } from '../database/database.ts'
import { inSavepoint } from '../database/savepoint.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { Conflict, NotFound, ServiceError } from '../kernel/errors.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { KeyVersions } from './apply-batch.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { ConsumerStore, ParkedRecord } from './consumer-store.ts'
import type { StoredRecord } from './event-log.ts'
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
  deps: ParkedDependencies,
  definition: ConsumerDefinition,
  topic: string,
  key: string,
): Promise<number> {
  const { database, store } = deps
  return database.run(async (tx) => {
    const records = await parkedRecords(store, tx, definition, topic, key)
    const versions = new KeyVersions(await store.versions(tx, definition.name, topic, [key]))
    const { applied, refusal } = await applyParked(deps, tx, definition, records, versions)
    if (refusal !== undefined) throw refusal.error
    await store.setVersions(tx, definition.name, topic, versions.changed())
    return applied
  })
}

/** Which parked event is not to take effect, and why. */
export interface Discard {
  readonly topic: string
  readonly key: string
  readonly offset: number
  readonly reason: string
  readonly at: Date
}

export interface DiscardOutcome {
  readonly discarded: ParkedRecord
  /** How many of those that waited behind it took effect. */
  readonly applied: number
  /** Why the key has stopped again, at a later event. */
  readonly refusal?: ServiceError
}

/**
 * Takes the event that a key has stopped at out of the way, keeps it with the operator's reason, and applies those that wait
 * behind it up to the next one at fault. An event of a trusted producer keeps its place in the count of versions, so that
 * those behind it follow; a forged one never had a place.
 * @throws NotFound when no such event is parked; Conflict when it is not the one at fault; nothing is changed then
 */
export async function discardParkedEvent(
  deps: ParkedDependencies,
  definition: ConsumerDefinition,
  { topic, key, offset, reason, at }: Discard,
): Promise<DiscardOutcome> {
  const { database, store } = deps
  const { name } = definition
  return database.run(async (tx) => {
    const records = await parkedRecords(store, tx, definition, topic, key)
    const discarded = records.find((record) => record.offset === offset)
    if (discarded === undefined) {
      throw new NotFound(`no event of the key is parked at offset ${offset} of \`${topic}\``)
    }
    const { first, ...record } = discarded
    if (!first) {
      throw new Conflict('expected the event at fault: this one only waits behind it')
    }
    await store.discard(tx, name, { ...record, discardReason: reason, discardedAt: at })
    await store.unpark(tx, name, record)
    const versions = new KeyVersions(await store.versions(tx, name, topic, [key]))
    skip(deps, versions, record)
    const waiting = records.filter((one) => one !== discarded)
    const { applied, refusal } = await applyParked(deps, tx, definition, waiting, versions)
    if (refusal !== undefined) await store.stopAt(tx, name, refusal.record, refusal.error.code)
    await store.setVersions(tx, name, topic, versions.changed())
    return { discarded, applied, ...(refusal === undefined ? {} : { refusal: refusal.error }) }
  })
}

function skip(
  { trust, environment }: ParkedDependencies,
  versions: KeyVersions,
  record: StoredRecord,
): void {
  try {
    const event = verifyEvent(record, trust, environment)
    if (versions.judge(event) !== 'duplicate') versions.advance(event)
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error
  }
}

async function parkedRecords(
  store: ConsumerStore,
  tx: Tx,
  { name }: ConsumerDefinition,
  topic: string,
  key: string,
): Promise<readonly ParkedRecord[]> {
  const records = await store.parked(tx, name, topic, key)
  if (records.length === 0) throw new NotFound(`the key is not parked for \`${name}\``)
  await meetConsumer(store, tx, name, topic, records)
  return records
}

interface Refused {
  readonly record: ParkedRecord
  readonly error: ServiceError
}

/** Applies parked events in order and unparks each, up to the first that is refused. */
async function applyParked(
  deps: ParkedDependencies,
  tx: Tx,
  definition: ConsumerDefinition,
  records: readonly ParkedRecord[],
  versions: KeyVersions,
): Promise<{ readonly applied: number; readonly refusal?: Refused }> {
  const { database, store } = deps
  let applied = 0
  for (const record of records) {
    try {
      const work = () => applyOne(deps, tx, definition, record, versions)
      if (await inSavepoint(database.dialect, tx, work)) applied += 1
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      return { applied, refusal: { record, error } }
    }
    await store.unpark(tx, definition.name, record)
  }
  return { applied }
}

/** False for an event that had taken effect before. */
async function applyOne(
  { trust, environment }: ParkedDependencies,
  tx: Tx,
  definition: ConsumerDefinition,
  record: ParkedRecord,
  versions: KeyVersions,
): Promise<boolean> {
  const event = verifyEvent(record, trust, environment)
  const verdict = versions.judge(event)
  if (verdict === 'gap') throw new EventRefused('EVENT_VERSION_GAP', 'an earlier event is missing')
  if (verdict === 'duplicate') return false
  await definition.apply(tx, event)
  versions.advance(event)
  return true
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
