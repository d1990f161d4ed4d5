import type { InferInsertModel, InferSelectModel, Table } from 'drizzle-orm'
import type { UnitOfWork } from './unit-of-work.ts'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

type SameRows<S, P> = S extends Table
  ? P extends Table
    ? Equal<InferSelectModel<S>, InferSelectModel<P>> extends true
      ? Equal<InferInsertModel<S>, InferInsertModel<P>> extends true
        ? P
        : { readonly error: 'the insertable columns of the two dialects differ' }
      : { readonly error: 'the columns of the two dialects differ' }
    : { readonly error: 'this table is missing in one dialect' }
  : { readonly error: 'this table is missing in one dialect' }

/** `P` itself when its tables have the names, columns and types of `S`; otherwise a type that no value has. */
export type SameTables<S, P> = {
  [K in keyof S | keyof P]: K extends keyof S
    ? K extends keyof P
      ? SameRows<S[K], P[K]>
      : { readonly error: 'this table is missing in one dialect' }
    : { readonly error: 'this table is missing in one dialect' }
}

/**
 * The tables a store works on. Queries are typed by the SQLite tables; on PostgreSQL the same calls run on its own
 * tables, and a difference between the two files is an error of the type check at this call.
 *
 * ```ts
 * import * as postgres from './schema.postgres.ts'
 * import * as sqlite from './schema.sqlite.ts'
 *
 * export class PersonaStore {
 *   readonly #tables: typeof sqlite
 *   constructor(database: UnitOfWork) {
 *     this.#tables = tablesFor(database.dialect, sqlite, postgres)
 *   }
 *   async load(tx: Tx, id: string): Promise<Persona | undefined> {
 *     const { persona } = this.#tables
 *     const [row] = await tx.select().from(persona).where(eq(persona.id, id))
 *     return row
 *   }
 * }
 * ```
 */
export function tablesFor<S, P extends object>(
  dialect: UnitOfWork['dialect'],
  sqlite: S,
  postgres: P & SameTables<S, P>,
): S {
  // Equal in names, columns and TypeScript types, by `SameTables`; the query builder of each dialect reads its own.
  return dialect === 'sqlite' ? sqlite : (postgres as unknown as S)
}
