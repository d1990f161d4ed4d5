import { sql, type SQL } from 'drizzle-orm'
import { readMigrationFiles, type MigrationMeta } from 'drizzle-orm/migrator'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../kernel/errors.ts'
import type { Database } from './database.ts'
import type { Tx } from './unit-of-work.ts'

/** The migrations of one service: `folder` holds a subfolder per dialect, as `scripts/generate-migrations.mjs` writes it. */
export interface MigrationSet {
  readonly service: string
  readonly folder: string
}

/** The set of a service that keeps its migrations in `services/<service>/migrations`, as all of ours do. */
export function migrationsOf(service: string): MigrationSet {
  return { service, folder: fileURLToPath(new URL(`../${service}/migrations`, import.meta.url)) }
}

/**
 * Brings the schema of every set up to date: all of them in one transaction, or none. Each set keeps its own table of
 * applied migrations, because in a shared one an older-dated file of another service would be skipped.
 * @returns how many migrations were applied
 */
export function migrate(database: Database, sets: readonly MigrationSet[]): Promise<number> {
  const pending = sets.map(({ service, folder }) => ({
    service,
    migrations: readMigrationFiles({ migrationsFolder: `${folder}/${database.dialect}` }),
  }))
  return database.exclusive(async (tx) => {
    let count = 0
    for (const { service, migrations } of pending) {
      count += await apply(database, tx, service, migrations)
    }
    return count
  })
}

async function apply(
  database: Database,
  tx: Tx,
  service: string,
  migrations: readonly MigrationMeta[],
): Promise<number> {
  if (!/^[a-z]+$/.test(service)) throw new TypeError('a service is named in lower-case letters')
  const statements = statementsOf(database, tx)
  const applied = sql.identifier(`${service}_migrations`)
  await statements.run(
    sql`create table if not exists ${applied} (created_at bigint primary key, hash text not null)`,
  )
  const rows = await statements.all<{ created_at: number | string; hash: string }>(
    sql`select created_at, hash from ${applied}`,
  )
  const known = new Map(rows.map((row) => [Number(row.created_at), row.hash]))
  const missing = migrations.filter((migration) => !known.has(migration.folderMillis))
  for (const { folderMillis, hash } of migrations) {
    const before = known.get(folderMillis)
    if (before !== undefined && before !== hash) {
      throw new ConfigError(`a migration of ${service} was edited after it had been applied`)
    }
  }
  for (const migration of missing) {
    for (const statement of migration.sql) await statements.run(sql.raw(statement))
    await statements.run(
      sql`insert into ${applied} (created_at, hash) values (${migration.folderMillis}, ${migration.hash})`,
    )
  }
  return missing.length
}

interface Statements {
  run(statement: SQL): Promise<unknown>
  all<T>(statement: SQL): Promise<T[]>
}

/** Raw statements are the one thing whose methods are named differently in the two builders. */
function statementsOf({ dialect }: Database, tx: Tx): Statements {
  if (dialect === 'sqlite') {
    return {
      run: async (statement) => tx.run(statement),
      all: async <T>(statement: SQL) => tx.all<T>(statement),
    }
  }
  const postgres = tx as unknown as NodePgDatabase
  return {
    run: (statement) => postgres.execute(statement),
    all: async <T>(statement: SQL) => (await postgres.execute(statement)).rows as T[],
  }
}
