import { existsSync } from 'node:fs'
import type { Config } from '../config.ts'
import { storageOf } from '../context/event-core.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open.ts'
import { ConsumerStore } from '../eventlog/consumer-store.ts'
import { inspectParkedKey, listParkedKeys } from '../eventlog/parked-events.ts'
import { toBase64 } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

type Io = Pick<PolicyIo, 'print'>

/**
 * `watashi log parked [--json]`: the keys that consumers have stopped at, longest waiting first. With `--json` one object a
 * line: `{consumer, key, topic, offset, reason, parked_at}`. Safe while the product runs. Exit code 0.
 */
export async function listParked(
  config: Config,
  options: { readonly json?: boolean },
  io: Io,
): Promise<number> {
  const keys = await reading(config, (database, store) => listParkedKeys({ database, store }))
  for (const { consumer, key, topic, offset, reason, parkedAt } of keys) {
    const row = { consumer, key, topic, offset, reason, parked_at: parkedAt.toISOString() }
    io.print(
      options.json === true
        ? JSON.stringify(row)
        : `${consumer} ${shown(key)}: ${reason} at ${topic} offset ${offset}, since ${row.parked_at}`,
    )
  }
  if (keys.length === 0 && options.json !== true) io.print('no key is parked')
  return EXIT.holds
}

/**
 * `watashi log parked show CONSUMER KEY [--json] [--payload]`: the parked events of a key in the order of the log, the one
 * at fault first. The payload is left out, and printed in base64 with `--payload` alone. Safe while the product runs.
 * @throws NotFound when the key is not parked for this consumer
 */
export async function showParked(
  config: Config,
  { consumer, key }: { readonly consumer: string; readonly key: string },
  options: { readonly json?: boolean; readonly payload?: boolean },
  io: Io,
): Promise<number> {
  const records = await reading(config, async (database, store) => {
    const topics = await parkedTopics({ database, store }, consumer, key)
    const found = await Promise.all(
      topics.map((topic) => inspectParkedKey({ database, store }, consumer, topic, key)),
    )
    return found.flat()
  })
  if (records.length === 0) throw new NotFound(`the key is not parked for \`${consumer}\``)
  for (const { topic, partition, offset, reason, first, parkedAt, headers, value } of records) {
    const row = {
      topic,
      partition,
      offset,
      reason,
      at_fault: first,
      parked_at: parkedAt.toISOString(),
      id: headers['ce_id'] ?? null,
      type: headers['ce_type'] ?? null,
      source: headers['ce_source'] ?? null,
      version: headers['ce_sequence'] ?? null,
      bytes: value?.length ?? 0,
      ...(options.payload === true ? { payload: toBase64(value ?? new Uint8Array()) } : {}),
    }
    io.print(options.json === true ? JSON.stringify(row) : describe(row))
  }
  return EXIT.holds
}

/**
 * `watashi log parked discarded [--json]`: the events that operators have discarded, oldest first, each with the reason given.
 * Safe while the product runs. Exit code 0.
 */
export async function listDiscarded(
  config: Config,
  options: { readonly json?: boolean },
  io: Io,
): Promise<number> {
  const events = await reading(config, (database, store) =>
    database.read((tx) => store.discarded(tx)),
  )
  for (const event of events) {
    const row = {
      consumer: event.consumer,
      key: event.key,
      topic: event.topic,
      offset: event.offset,
      reason: event.reason,
      id: event.headers['ce_id'] ?? null,
      type: event.headers['ce_type'] ?? null,
      discarded_at: event.discardedAt.toISOString(),
      discard_reason: event.discardReason,
    }
    io.print(options.json === true ? JSON.stringify(row) : describe(row))
  }
  if (events.length === 0 && options.json !== true) io.print('no event was discarded')
  return EXIT.holds
}

/** The topics in which a key is parked for a consumer. */
export async function parkedTopics(
  parts: { readonly database: Database; readonly store: ConsumerStore },
  consumer: string,
  key: string,
): Promise<string[]> {
  const { database, store } = parts
  return database.read((tx) => store.parkedTopics(tx, consumer, key))
}

function describe(row: Readonly<Record<string, string | number | boolean | null>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${shown(String(value ?? '-'))}`)
    .join(' ')
}

/** What came with a record that nobody has verified must not steer the terminal. */
function shown(text: string): string {
  return /^[\w.:+/=-]+$/.test(text) ? text : JSON.stringify(text).replace(/[^ -~]/gu, '?')
}

async function reading<T>(
  config: Config,
  query: (database: Database, store: ConsumerStore) => Promise<T>,
): Promise<T> {
  const storage = storageOf(config)
  if (storage.kind === 'sqlite' && !existsSync(storage.file)) {
    throw new NotFound(`there is no database yet in \`DATA_DIR\` ${config.dataDir}`)
  }
  const database = openDatabase(storage)
  try {
    return await query(database, new ConsumerStore(database))
  } finally {
    await database.close()
  }
}
