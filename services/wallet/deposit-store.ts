import { and, eq, isNull, lte } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface WaitingDeposit {
  readonly proofingId: string
  readonly keyId: string
  readonly sealed: Uint8Array
}

/** Attributes that wait for the proofing they belong to. */
export class DepositStore {
  readonly #deposit: typeof sqlite.deposit

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#deposit = tablesFor(database.dialect, sqlite, postgres).deposit
  }

  /** False when there is one of this proofing already, taken or not. */
  async add(tx: Tx, deposit: WaitingDeposit & { readonly depositedAt: Date }): Promise<boolean> {
    const added = await tx
      .insert(this.#deposit)
      .values({ ...deposit, takenAt: null })
      .onConflictDoNothing()
      .returning({ proofingId: this.#deposit.proofingId })
    return added.length === 1
  }

  async exists(tx: Tx, proofingId: string): Promise<boolean> {
    const rows = await tx
      .select({ proofingId: this.#deposit.proofingId })
      .from(this.#deposit)
      .where(eq(this.#deposit.proofingId, proofingId))
    return rows.length > 0
  }

  async waiting(tx: Tx, proofingId: string): Promise<WaitingDeposit | undefined> {
    const [row] = await tx
      .select()
      .from(this.#deposit)
      .where(and(eq(this.#deposit.proofingId, proofingId), isNull(this.#deposit.takenAt)))
    return row?.keyId && row.sealed
      ? { proofingId, keyId: row.keyId, sealed: row.sealed }
      : undefined
  }

  /** Leaves a marker, so that a deposit repeated late is not kept for ever. */
  async markTaken(tx: Tx, proofingId: string, at: Date): Promise<void> {
    await tx
      .update(this.#deposit)
      .set({ keyId: null, sealed: null, takenAt: at })
      .where(eq(this.#deposit.proofingId, proofingId))
  }

  async waitingSince(tx: Tx, before: Date, limit: number): Promise<readonly string[]> {
    const rows = await tx
      .select({ proofingId: this.#deposit.proofingId })
      .from(this.#deposit)
      .where(and(isNull(this.#deposit.takenAt), lte(this.#deposit.depositedAt, before)))
      .orderBy(this.#deposit.depositedAt)
      .limit(limit)
    return rows.map((row) => row.proofingId)
  }

  async remove(tx: Tx, proofingId: string): Promise<void> {
    await tx
      .delete(this.#deposit)
      .where(and(eq(this.#deposit.proofingId, proofingId), isNull(this.#deposit.takenAt)))
  }
}
