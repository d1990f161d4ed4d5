import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'

/**
 * What a store may use: drizzle's query builder, typed by the SQLite tables. On PostgreSQL the same calls run on the
 * PostgreSQL tables (`schema.postgres.ts`, equal by a compile-time check), so keep to what both have: `select`, `insert`,
 * `update`, `delete`, `returning`, `onConflictDoNothing`, `onConflictDoUpdate`, `orderBy`, `limit`, and always `await`.
 */
export type Tx = BaseSQLiteDatabase<'async', unknown>

/** The one way to the database. State and the events about it are written in the same `run`. */
export interface UnitOfWork {
  readonly dialect: 'sqlite' | 'postgres'

  /**
   * Runs `work` in one transaction and resolves only when it is durable. A throw rolls this work back alone.
   * INVARIANT: inside `work` nothing but database calls and synchronous code is awaited.
   */
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>

  /** Reads committed state; a snapshot for the length of `query`. Writing through it fails. */
  read<T>(query: (tx: Tx) => Promise<T>): Promise<T>

  close(): Promise<void>
}
