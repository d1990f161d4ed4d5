import { setImmediate as turn } from 'node:timers/promises'
import {
  and,
  asc,
  eq,
  exists,
  inArray,
  isNull,
  lt,
  min,
  not,
  sql,
  type SQL,
  type SQLWrapper,
} from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { consumerOffset, logPartition, logRecord, logTopic, outbox } from './schema.sqlite.ts'

/** How long a tombstone stays at least, so that who reads without a group sees it. */
const TOMBSTONE_MILLISECONDS = 24 * 3600 * 1000

/** What one run may do: the rest waits for the next one, and no commit holds the writer for long. */
export interface CleanUpBounds {
  readonly recordsPerPartition: number
  readonly recordsPerCommit: number
}

const BOUNDS: CleanUpBounds = { recordsPerPartition: 5000, recordsPerCommit: 500 }

interface Partition {
  readonly topic: string
  readonly partition: number
}

/**
 * Does for the log in SQLite what a broker does for its own: of a compacted topic it leaves the last record per key, and of
 * a topic with retention it deletes what is older. Survivors keep their offsets and their order.
 * @returns how many records were deleted
 */
export async function cleanUpLog(
  database: UnitOfWork,
  now: Date,
  bounds: CleanUpBounds = BOUNDS,
): Promise<number> {
  let deleted = 0
  for (const { name, partitions, cleanup, retentionMilliseconds } of await topics(database)) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const at = { topic: name, partition }
      if (cleanup === 'compact') {
        const since = new Date(now.getTime() - TOMBSTONE_MILLISECONDS)
        deleted += await compact(database, at, since, bounds)
      }
      if (retentionMilliseconds !== null) {
        const since = new Date(now.getTime() - retentionMilliseconds)
        deleted += await retain(database, at, since, bounds)
      }
      // Queries of SQLite are synchronous: others get their turn in between.
      await turn()
    }
  }
  return deleted
}

/** Deletes the records before `before`; a reader that still wants them gets `OffsetOutOfRange`. */
export async function trimPartition(
  database: UnitOfWork,
  { topic, partition }: Partition,
  before: number,
): Promise<void> {
  await database.run(async (tx) => {
    await tx
      .update(logPartition)
      .set({ low: sql`max(${logPartition.low}, min(${before}, ${logPartition.next}))` })
      .where(and(eq(logPartition.topic, topic), eq(logPartition.partition, partition)))
    await tx.delete(logRecord).where(and(isIn({ topic, partition }), lt(logRecord.offset, before)))
  })
}

function topics(database: UnitOfWork) {
  return database.read(async (tx) => tx.select().from(logTopic))
}

async function compact(
  database: UnitOfWork,
  at: Partition,
  tombstonesBefore: Date,
  bounds: CleanUpBounds,
): Promise<number> {
  const superseded = await supersededIn(database, at, bounds.recordsPerPartition)
  await deleteAll(database, at, superseded, bounds)
  // INVARIANT: a tombstone goes after all that it deletes, or an old value would come back.
  if (superseded.length === bounds.recordsPerPartition) return superseded.length
  const tombstones = await oldTombstonesIn(database, at, tombstonesBefore, bounds)
  await deleteAll(database, at, tombstones, bounds)
  return superseded.length + tombstones.length
}

/** Records that a later one of the same key replaces, the oldest first. */
async function supersededIn(
  database: UnitOfWork,
  { topic, partition }: Partition,
  limit: number,
): Promise<number[]> {
  const rows = await database.read(async (tx) =>
    tx.all<{ offset: number }>(sql`
      with last as materialized (
        select key, max("offset") as place from ${logRecord}
        where topic = ${topic} and partition = ${partition} group by key)
      select record."offset" as "offset" from ${logRecord} as record
        join last on last.key = record.key and record."offset" < last.place
      where record.topic = ${topic} and record.partition = ${partition}
        and ${isOutOfOutbox(sql`record.id`)}
      order by record."offset" limit ${limit}`),
  )
  return rows.map(({ offset }) => offset)
}

/** Tombstones that nobody needs any more: they are old, delete nothing, and every consumer is past them. */
async function oldTombstonesIn(
  database: UnitOfWork,
  at: Partition,
  before: Date,
  { recordsPerPartition }: CleanUpBounds,
): Promise<number[]> {
  const { topic, partition } = at
  return database.read(async (tx) => {
    const [slowest] = await tx
      .select({ next: min(consumerOffset.next) })
      .from(consumerOffset)
      .where(and(eq(consumerOffset.topic, topic), eq(consumerOffset.partition, partition)))
    const earlier = alias(logRecord, 'earlier')
    const rows = await tx
      .select({ offset: logRecord.offset })
      .from(logRecord)
      .where(
        and(
          isIn(at),
          isNull(logRecord.value),
          isOutOfOutbox(logRecord.id),
          lt(logRecord.appendedAt, before),
          lt(logRecord.offset, slowest?.next ?? Number.MAX_SAFE_INTEGER),
          not(
            exists(
              tx
                .select({ offset: earlier.offset })
                .from(earlier)
                .where(
                  and(
                    eq(earlier.topic, topic),
                    eq(earlier.partition, partition),
                    lt(earlier.offset, logRecord.offset),
                    eq(earlier.key, logRecord.key),
                  ),
                ),
            ),
          ),
        ),
      )
      .orderBy(asc(logRecord.offset))
      .limit(recordsPerPartition)
    return rows.map(({ offset }) => offset)
  })
}

/** Deletes the old records at the beginning, up to the first that is young: the clock may have jumped. */
async function retain(
  database: UnitOfWork,
  at: Partition,
  since: Date,
  { recordsPerPartition, recordsPerCommit }: CleanUpBounds,
): Promise<number> {
  const rows = await database.read(async (tx) =>
    tx
      .select({ offset: logRecord.offset, appendedAt: logRecord.appendedAt })
      .from(logRecord)
      .where(isIn(at))
      .orderBy(asc(logRecord.offset))
      .limit(recordsPerPartition),
  )
  const young = rows.findIndex(({ appendedAt }) => appendedAt >= since)
  const old = young === -1 ? rows : rows.slice(0, young)
  for (const chunk of chunksOf(old, recordsPerCommit)) {
    const last = chunk.at(-1)
    if (last !== undefined) await trimPartition(database, at, last.offset + 1)
    await turn()
  }
  return old.length
}

async function deleteAll(
  database: UnitOfWork,
  at: Partition,
  offsets: readonly number[],
  { recordsPerCommit }: CleanUpBounds,
): Promise<void> {
  for (const chunk of chunksOf(offsets, recordsPerCommit)) {
    await database.run(async (tx) =>
      tx.delete(logRecord).where(and(isIn(at), inArray(logRecord.offset, chunk))),
    )
    await turn()
  }
}

/** A record that the relay may append again must stay to be known by its id, or the old value would become the last one. */
function isOutOfOutbox(id: SQLWrapper): SQL {
  return sql`lower(hex(${id})) not in (select replace(${outbox.id}, '-', '') from ${outbox})`
}

function isIn({ topic, partition }: Partition) {
  return and(eq(logRecord.topic, topic), eq(logRecord.partition, partition))
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
}
