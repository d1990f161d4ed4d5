import Sqlite from 'better-sqlite3'
import pg from 'pg'
import type { DatabaseConfig } from './open.ts'

/**
 * Makes the storage engine drop what it still holds of deleted rows: SQLite moves its write-ahead log into the file, where
 * deleted bytes are overwritten, and empties it; PostgreSQL removes dead rows.
 * @returns false when readers stood in the way; ask again later
 */
export async function scrub(config: DatabaseConfig): Promise<boolean> {
  return config.kind === 'sqlite' ? scrubSqlite(config.file) : scrubPostgres(config.url)
}

function scrubSqlite(file: string): boolean {
  const connection = new Sqlite(file)
  try {
    const [result] = connection.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[] // one row, by SQLite's documentation
    return result?.busy === 0
  } finally {
    connection.close()
  }
}

async function scrubPostgres(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('VACUUM')
    return true
  } finally {
    await client.end()
  }
}
