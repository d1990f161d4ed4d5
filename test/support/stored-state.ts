import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Client } from 'pg'

/** Rows of a query against what a stopped process left, in a SQLite file or in PostgreSQL. */
export async function storedRows<T>(
  place: { readonly dataDir: string } | { readonly databaseUrl: string },
  query: string,
): Promise<T[]> {
  if ('dataDir' in place) {
    const database = new Sqlite(join(place.dataDir, 'watashi.sqlite'), { readonly: true })
    try {
      return database.prepare<[], T>(query).all()
    } finally {
      database.close()
    }
  }
  const client = new Client({ connectionString: place.databaseUrl })
  await client.connect()
  try {
    return (await client.query(query)).rows as T[] // the query says what they are
  } finally {
    await client.end()
  }
}
