import { Client } from 'pg'
import { eventsOf, eventsOnKafka, rowsOf, type LoggedEvent } from './left-behind.ts'
import { freshDatabase, freshPrefix, realServer } from './servers.ts'
import type { Place } from './traces.ts'

/** What an instance keeps state and events in, and how a test looks into it. */
export interface Backbone {
  readonly env: Readonly<Record<string, string>>
  /** Every value of every table. */
  rows(): Promise<readonly Place[]>
  /** The event log in the order of each partition. */
  events(): Promise<readonly LoggedEvent[]>
}

export interface BackboneKind {
  readonly name: string
  readonly available: boolean
  /** A fresh one, for an instance in this folder. */
  readonly open: (dataDir: string) => Promise<Backbone>
}

/** The embedded defaults, and Kafka with PostgreSQL where there are such; call it at the top of a test file. */
export async function backbones(): Promise<readonly BackboneKind[]> {
  const kafka = await realServer('kafka')
  const postgres = await realServer('postgres')
  return [
    {
      name: 'on embedded defaults',
      available: true,
      open: async (dataDir) => ({
        env: {},
        rows: async () => rowsOf(dataDir),
        events: async () => eventsOf(dataDir),
      }),
    },
    {
      name: 'on Kafka and PostgreSQL',
      available: kafka.available && postgres.available,
      open: async () => {
        const brokers = kafka.available ? kafka.address : ''
        const prefix = freshPrefix()
        const databaseUrl = await freshDatabase(postgres.available ? postgres.address : '')
        return {
          env: { KAFKA_BROKERS: brokers, KAFKA_PREFIX: prefix, DATABASE_URL: databaseUrl },
          rows: () => rowsInPostgres(databaseUrl),
          events: () => eventsOnKafka({ brokers, prefix }),
        }
      },
    },
  ]
}

async function rowsInPostgres(databaseUrl: string): Promise<readonly Place[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    )
    const places: Place[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`select * from "${name}"`)
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) {
          places.push({ where: `${name}.${column}`, bytes: bytesOf(value) })
        }
      }
    }
    return places
  } finally {
    await client.end()
  }
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
