import { eq } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface LedgerRow {
  readonly subjectRef: string
  readonly sequence: number
  readonly sealed: Uint8Array
  readonly hash: Uint8Array
}

/** Entries of the ledgers; nothing here changes one. */
export class LedgerStore {
  readonly #entry: typeof sqlite.ledgerEntry

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#entry = tablesFor(database.dialect, sqlite, postgres).ledgerEntry
  }

  async append(tx: Tx, row: LedgerRow): Promise<void> {
    await tx.insert(this.#entry).values(row)
  }

  /** Oldest first. */
  async ofPerson(tx: Tx, subjectRef: string): Promise<readonly LedgerRow[]> {
    return tx
      .select()
      .from(this.#entry)
      .where(eq(this.#entry.subjectRef, subjectRef))
      .orderBy(this.#entry.sequence)
  }

  /** At the end of its legal retention. */
  async drop(tx: Tx, subjectRef: string): Promise<void> {
    await tx.delete(this.#entry).where(eq(this.#entry.subjectRef, subjectRef))
  }
}
