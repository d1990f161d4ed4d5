import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import Sqlite from 'better-sqlite3'
import { KafkaEventLog } from '../../services/eventlog/kafka-event-log.ts'
import { deadLetterTopic } from '../../services/eventlog/topics.ts'
import { TOPICS } from '../../services/kernel/event.ts'
import { createLog } from '../../services/kernel/log.ts'
import type { Place } from './traces.ts'

/** Every file below the data folder but those of the simulated authority, which is the holder of what is looked for. */
export function filesOf(dataDir: string): readonly Place[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(dataDir, path).startsWith('simulator'))
    .map((path) => ({ where: relative(dataDir, path), bytes: readFileSync(path) }))
}

/** Every row of every table, whole: in the file a long value may be cut by the end of a page. */
export function rowsOf(dataDir: string): readonly Place[] {
  const database = new Sqlite(join(dataDir, 'watashi.sqlite'), { readonly: true })
  try {
    const tables = database
      .prepare<[], { name: string }>("select name from sqlite_schema where type = 'table'")
      .all()
    return tables.flatMap(({ name }) =>
      database
        .prepare<[], Record<string, unknown>>(`select * from "${name}"`)
        .all()
        .flatMap((row) =>
          Object.entries(row).map(([column, value]) => ({
            where: `${name}.${column}`,
            bytes: Buffer.isBuffer(value) ? value : Buffer.from(String(value)),
          })),
        ),
    )
  } finally {
    database.close()
  }
}

export interface LoggedEvent {
  readonly topic: string
  readonly key: string
  readonly headers: string
  readonly value: Buffer | null
}

/** The records of the event log in SQLite, in the order of each partition. */
export function eventsOf(dataDir: string): readonly LoggedEvent[] {
  const database = new Sqlite(join(dataDir, 'watashi.sqlite'), { readonly: true })
  try {
    return database
      .prepare<[], LoggedEvent>(
        'select topic, key, headers, value from eventlog_log_record order by topic, "partition", "offset"',
      )
      .all()
  } finally {
    database.close()
  }
}

/** The records of the event log on Kafka, dead letters included, in the order of each partition. */
export async function eventsOnKafka(broker: {
  readonly brokers: string
  readonly prefix: string
}): Promise<readonly LoggedEvent[]> {
  const log = new KafkaEventLog({
    connection: { brokers: broker.brokers.split(','), clientId: 'left-behind' },
    prefix: broker.prefix,
    log: createLog('silent'),
  })
  const events: LoggedEvent[] = []
  try {
    for (const topic of Object.values(TOPICS).flatMap((one) => [one, deadLetterTopic(one)])) {
      for (const { partition } of await log.watermarks(topic)) {
        for await (const record of log.read({ topic, partition, from: 'earliest' })) {
          const { key, headers, value } = record
          const bytes = value === null ? null : Buffer.from(value)
          events.push({ topic, key, headers: JSON.stringify(headers), value: bytes })
        }
      }
    }
    return events
  } finally {
    await log.close()
  }
}
