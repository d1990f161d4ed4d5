import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { StoredRecord } from './event-log.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

const shared = {
  consumerOffset: sqlite.consumerOffset,
  consumerKey: sqlite.consumerKey,
  parkedEvent: sqlite.parkedEvent,
  discardedEvent: sqlite.discardedEvent,
}

export interface KeyPosition {
  readonly key: string
  readonly source: string
  readonly version: number
}

export interface ParkedRecord extends StoredRecord {
  readonly reason: string
  readonly parkedAt: Date
  /** The event at fault, as opposed to those that wait behind it. */
  readonly first: boolean
}

export interface DiscardedRecord extends Omit<ParkedRecord, 'first'> {
  readonly discardReason: string
  readonly discardedAt: Date
}

/** Where consumers stand, and what they could not take. */
export class ConsumerStore {
  readonly #tables: typeof shared

  constructor({ dialect }: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(dialect, shared, {
      consumerOffset: postgres.consumerOffset,
      consumerKey: postgres.consumerKey,
      parkedEvent: postgres.parkedEvent,
      discardedEvent: postgres.discardedEvent,
    })
  }

  /** The next offset of one partition; `undefined` for a consumer that never stood there. */
  async offset(
    tx: Tx,
    consumer: string,
    topic: string,
    partition: number,
  ): Promise<number | undefined> {
    const { consumerOffset: table } = this.#tables
    const [row] = await tx
      .select({ next: table.next })
      .from(table)
      .where(
        and(eq(table.consumer, consumer), eq(table.topic, topic), eq(table.partition, partition)),
      )
    return row?.next
  }

  async offsets(
    tx: Tx,
    consumer: string,
  ): Promise<{ topic: string; partition: number; next: number }[]> {
    const { consumerOffset: table } = this.#tables
    const { topic, partition, next } = table
    return tx.select({ topic, partition, next }).from(table).where(eq(table.consumer, consumer))
  }

  async moveTo(
    tx: Tx,
    consumer: string,
    topic: string,
    partition: number,
    next: number,
  ): Promise<void> {
    const { consumerOffset: table } = this.#tables
    await tx
      .insert(table)
      .values({ consumer, topic, partition, next })
      .onConflictDoUpdate({
        target: [table.consumer, table.topic, table.partition],
        set: { next },
      })
  }

  /** The last applied version of each of `keys`, per source. */
  async versions(
    tx: Tx,
    consumer: string,
    topic: string,
    keys: readonly string[],
  ): Promise<KeyPosition[]> {
    const { consumerKey: table } = this.#tables
    const { key, source, version } = table
    return tx
      .select({ key, source, version })
      .from(table)
      .where(and(eq(table.consumer, consumer), eq(table.topic, topic), inArray(key, [...keys])))
  }

  async setVersions(
    tx: Tx,
    consumer: string,
    topic: string,
    positions: readonly KeyPosition[],
  ): Promise<void> {
    if (positions.length === 0) return
    const { consumerKey: table } = this.#tables
    await tx
      .insert(table)
      .values(positions.map((position) => ({ consumer, topic, ...position })))
      .onConflictDoUpdate({
        target: [table.consumer, table.topic, table.key, table.source],
        set: { version: sql`excluded.version` },
      })
  }

  /** Which of `keys` have a parked event. */
  async parkedKeys(
    tx: Tx,
    consumer: string,
    topic: string,
    keys: readonly string[],
  ): Promise<Set<string>> {
    const { parkedEvent: table } = this.#tables
    const rows = await tx
      .selectDistinct({ key: table.key })
      .from(table)
      .where(
        and(eq(table.consumer, consumer), eq(table.topic, topic), inArray(table.key, [...keys])),
      )
    return new Set(rows.map((row) => row.key))
  }

  async park(tx: Tx, consumer: string, parked: ParkedRecord): Promise<void> {
    await tx.insert(this.#tables.parkedEvent).values({ consumer, ...parked })
  }

  /** Every event at fault, oldest first. */
  async faults(tx: Tx): Promise<(ParkedRecord & { consumer: string })[]> {
    const { parkedEvent: table } = this.#tables
    return tx
      .select()
      .from(table)
      .where(eq(table.first, true))
      .orderBy(asc(table.parkedAt), asc(table.offset))
      .limit(1000)
  }

  /** The topics in which a key is parked. */
  async parkedTopics(tx: Tx, consumer: string, key: string): Promise<string[]> {
    const { parkedEvent: table } = this.#tables
    const rows = await tx
      .selectDistinct({ topic: table.topic })
      .from(table)
      .where(and(eq(table.consumer, consumer), eq(table.key, key)))
      .orderBy(asc(table.topic))
    return rows.map(({ topic }) => topic)
  }

  /** The parked events of one key in the order of the log. */
  async parked(tx: Tx, consumer: string, topic: string, key: string): Promise<ParkedRecord[]> {
    const { parkedEvent: table } = this.#tables
    return tx
      .select()
      .from(table)
      .where(and(eq(table.consumer, consumer), eq(table.topic, topic), eq(table.key, key)))
      .orderBy(asc(table.partition), asc(table.offset))
  }

  /** Makes a parked event the one that its key has stopped at. */
  async stopAt(tx: Tx, consumer: string, record: StoredRecord, reason: string): Promise<void> {
    const { parkedEvent: table } = this.#tables
    await tx
      .update(table)
      .set({ first: true, reason })
      .where(and(eq(table.consumer, consumer), this.#isParked(record)))
  }

  /** Keeps what is known of an event that is not to take effect. */
  async discard(tx: Tx, consumer: string, discarded: DiscardedRecord): Promise<void> {
    const { discardedEvent: table } = this.#tables
    // A consumer that was set back to the beginning meets the same event again.
    await tx
      .insert(table)
      .values({ consumer, ...discarded })
      .onConflictDoUpdate({
        target: [table.consumer, table.topic, table.partition, table.offset],
        set: discarded,
      })
  }

  /** Every event that was discarded, oldest first. */
  async discarded(tx: Tx): Promise<(DiscardedRecord & { consumer: string })[]> {
    const { discardedEvent: table } = this.#tables
    return tx.select().from(table).orderBy(asc(table.discardedAt), asc(table.offset)).limit(1000)
  }

  async unpark(tx: Tx, consumer: string, record: StoredRecord): Promise<void> {
    const { parkedEvent: table } = this.#tables
    await tx.delete(table).where(and(eq(table.consumer, consumer), this.#isParked(record)))
  }

  #isParked({ topic, partition, offset }: StoredRecord) {
    const { parkedEvent: table } = this.#tables
    return and(eq(table.topic, topic), eq(table.partition, partition), eq(table.offset, offset))
  }
}
