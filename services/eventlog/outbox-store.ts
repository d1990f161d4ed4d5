import { and, asc, eq, exists, inArray, isNotNull, isNull, lte, not, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { ServiceName } from '../kernel/event.ts'
import type { LogRecord } from './event-log.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface OutboxRow extends LogRecord {
  readonly seq: number
  readonly topic: string
}

const shared = {
  outbox: sqlite.outbox,
  keyVersion: sqlite.keyVersion,
}

/** The outbox and the version counters of producers. */
export class OutboxStore {
  readonly #dialect: UnitOfWork['dialect']
  readonly #tables: typeof shared

  constructor({ dialect }: Pick<UnitOfWork, 'dialect'>) {
    this.#dialect = dialect
    this.#tables = tablesFor(dialect, shared, {
      outbox: postgres.outbox,
      keyVersion: postgres.keyVersion,
    })
  }

  /** Counts per producer, topic and key, from 1, without holes: a rolled-back unit of work gives its number back. */
  async nextVersion(tx: Tx, source: ServiceName, topic: string, key: string): Promise<number> {
    const { keyVersion } = this.#tables
    const [row] = await tx
      .insert(keyVersion)
      .values({ source, topic, key, version: 1 })
      .onConflictDoUpdate({
        target: [keyVersion.source, keyVersion.topic, keyVersion.key],
        set: { version: sql`${keyVersion.version} + 1` },
      })
      .returning({ version: keyVersion.version })
    if (row === undefined) throw new TypeError('an upsert returns its row')
    return row.version
  }

  async add(tx: Tx, { id, topic, key, headers, value }: Omit<OutboxRow, 'seq'>): Promise<void> {
    await tx.insert(this.#tables.outbox).values({ id, topic, key, headers, value })
  }

  /**
   * What may be published now, in the order it must be published in. On PostgreSQL a row is left out while any older
   * transaction is open: its rows would come later with a smaller place, and a reader that passed them loses them.
   */
  async pending(tx: Tx, limit: number): Promise<OutboxRow[]> {
    const { outbox } = this.#tables
    const refused = alias(outbox, 'refused')
    const rows = await tx
      .select()
      .from(outbox)
      .where(
        and(
          isNull(outbox.refusal),
          this.#dialect === 'postgres'
            ? sql`${outbox.transactionId} < pg_snapshot_xmin(pg_current_snapshot())`
            : undefined,
          not(
            exists(
              tx
                .select({ seq: refused.seq })
                .from(refused)
                .where(
                  and(
                    isNotNull(refused.refusal),
                    eq(refused.topic, outbox.topic),
                    eq(refused.key, outbox.key),
                    lte(refused.seq, outbox.seq),
                  ),
                ),
            ),
          ),
        ),
      )
      .orderBy(asc(outbox.transactionId), asc(outbox.seq))
      .limit(limit)
    return rows.map(({ seq, topic, id, key, headers, value }) => ({
      seq,
      topic,
      id,
      key,
      headers,
      value,
    }))
  }

  /** Takes out what the log has acknowledged. */
  async remove(tx: Tx, seqs: readonly number[]): Promise<void> {
    const { outbox } = this.#tables
    await tx.delete(outbox).where(inArray(outbox.seq, [...seqs]))
  }

  /** Keeps a row that the log will never take; what follows under its key waits behind it. */
  async refuse(tx: Tx, seq: number, reason: string): Promise<void> {
    const { outbox } = this.#tables
    await tx.update(outbox).set({ refusal: reason }).where(eq(outbox.seq, seq))
  }

  async count(tx: Tx): Promise<number> {
    const { outbox } = this.#tables
    const [row] = await tx.select({ count: sql<number>`cast(count(*) as integer)` }).from(outbox)
    return row?.count ?? 0
  }
}
