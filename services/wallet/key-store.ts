import { and, eq, inArray, isNull, ne } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { KeyClass, KeyRow } from './keys.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

/** Wrapped keys. */
export class KeyStore {
  readonly #key: typeof sqlite.key

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#key = tablesFor(database.dialect, sqlite, postgres).key
  }

  async add(tx: Tx, row: KeyRow): Promise<void> {
    await tx.insert(this.#key).values(row)
  }

  async byId(tx: Tx, keyId: string): Promise<KeyRow | undefined> {
    const [row] = await tx.select().from(this.#key).where(eq(this.#key.keyId, keyId))
    return row
  }

  async ofClass(tx: Tx, keyClass: KeyClass): Promise<readonly KeyRow[]> {
    return tx
      .select()
      .from(this.#key)
      .where(eq(this.#key.keyClass, keyClass))
      .orderBy(this.#key.madeAt, this.#key.keyId)
  }

  async ofPerson(tx: Tx, subjectRef: string): Promise<readonly KeyRow[]> {
    return tx.select().from(this.#key).where(eq(this.#key.subjectRef, subjectRef))
  }

  /** Keys wrapped by another key encryption key than that of `epoch`. */
  async ofOtherEpochs(tx: Tx, epoch: string, limit: number): Promise<readonly KeyRow[]> {
    return tx
      .select()
      .from(this.#key)
      .where(and(isNull(this.#key.parentId), ne(this.#key.epoch, epoch)))
      .limit(limit)
  }

  async replaceWrapping(tx: Tx, { keyId, epoch, wrapped }: KeyRow): Promise<void> {
    await tx.update(this.#key).set({ epoch, wrapped }).where(eq(this.#key.keyId, keyId))
  }

  async destroy(tx: Tx, keyIds: readonly string[]): Promise<void> {
    if (keyIds.length === 0) return
    await tx.delete(this.#key).where(inArray(this.#key.keyId, [...keyIds]))
  }

  /** Destroys all keys of a person except those of `kept` classes. */
  async destroyOfPerson(tx: Tx, subjectRef: string, kept: readonly KeyClass[]): Promise<void> {
    const rows = await this.ofPerson(tx, subjectRef)
    await this.destroy(
      tx,
      rows.flatMap((row) => (kept.includes(row.keyClass) ? [] : [row.keyId])),
    )
  }
}
