import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import Sqlite from 'better-sqlite3'
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

/** The records of the event log in the order of each partition. */
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
