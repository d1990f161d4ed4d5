import { blob, integer, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import type { Json } from '../kernel/canonical-json.ts'

// Mirror of `columns-postgres.ts`: a schema file differs from its twin in the import line alone.
export { index, primaryKey, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const table = sqliteTable

export function text(name: string) {
  return sqliteText(name)
}

/** A whole number up to 2^53. */
export function whole(name: string) {
  return integer(name, { mode: 'number' })
}

/** A number that the database counts up itself. */
export function sequence(name: string) {
  return integer(name, { mode: 'number' }).primaryKey({ autoIncrement: true })
}

/** The transaction that wrote the row; one writer commits in order, so here it says nothing. */
export function transactionId(name: string) {
  return sqliteText(name).notNull().default('0')
}

export function flag(name: string) {
  return integer(name, { mode: 'boolean' })
}

/** A moment with millisecond precision. */
export function instant(name: string) {
  return integer(name, { mode: 'timestamp_ms' })
}

export function bytes(name: string) {
  return blob(name, { mode: 'buffer' }).$type<Uint8Array>()
}

/** A JSON value; name its shape, `json<Shape>('column')`. It is not checked on the way out. */
export function json<T = Json>(name: string) {
  return sqliteText(name, { mode: 'json' }).$type<T>()
}
