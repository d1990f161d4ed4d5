import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  customType,
  jsonb,
  pgTable,
  text as postgresText,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { Json } from '../kernel/canonical-json.ts'

// Mirror of `columns-sqlite.ts`: a schema file differs from its twin in the import line alone.
export { index, primaryKey, uniqueIndex } from 'drizzle-orm/pg-core'

export const table = pgTable

export function text(name: string) {
  return postgresText(name)
}

/** A whole number up to 2^53. */
export function whole(name: string) {
  return bigint(name, { mode: 'number' })
}

/** A number that the database counts up itself. */
export function sequence(name: string) {
  return bigserial(name, { mode: 'number' }).primaryKey()
}

const xid8 = customType<{ data: string; driverData: string }>({ dataType: () => 'xid8' })

/** The transaction that wrote the row: a reader of an append-ordered table must not pass one that is still open. */
export function transactionId(name: string) {
  return xid8(name)
    .notNull()
    .default(sql`pg_current_xact_id()`)
}

export function flag(name: string) {
  return boolean(name)
}

/** A moment with millisecond precision. */
export function instant(name: string) {
  return timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
}

const bytea = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.length),
})

export function bytes(name: string) {
  return bytea(name).$type<Uint8Array>()
}

/** A JSON value; name its shape, `json<Shape>('column')`. It is not checked on the way out. */
export function json<T = Json>(name: string) {
  return jsonb(name).$type<T>()
}
