import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { migrate, migrationsOf } from './migrate.ts'
import { openDatabase } from './open.ts'

export interface TemporaryDatabase {
  readonly database: Database
  /** The SQLite file, for a test that opens it a second time. */
  readonly file: string
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A fresh SQLite database in a folder of its own, migrated for the services named; disposing closes and deletes it.
 *
 * ```ts
 * await using temporary = await openTemporaryDatabase('eventlog', 'wallet')
 * ```
 */
export async function openTemporaryDatabase(
  ...services: readonly string[]
): Promise<TemporaryDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'watashi-'))
  const file = join(folder, 'watashi.sqlite')
  const database = openDatabase({ kind: 'sqlite', file })
  await migrate(database, services.map(migrationsOf))
  return {
    database,
    file,
    async [Symbol.asyncDispose]() {
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
