import { and, asc, eq, gte, inArray, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { afterCommit } from '../database/current-work.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { fromHex, utf8 } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { checkSize } from './check-size.ts'
import {
  AppendRefused,
  OffsetOutOfRange,
  StalePosition,
  TopicMismatch,
  type Batch,
  type EventLog,
  type LogRecord,
  type StoredRecord,
  type SubscribeOptions,
  type Subscription,
  type TopicSettings,
  type Watermarks,
} from './event-log.ts'
import { partitionOf } from './partition.ts'
import { logPartition, logRecord, logTopic } from './schema.sqlite.ts'
import { WakeUp } from './wake-up.ts'

/** Appends of this process ring at once; this is for those of another one, such as a command-line tool. */
const POLL_MILLISECONDS = 1000
const REPLAY_PAGE = 500

export interface SqliteEventLogOptions {
  readonly database: Database
  readonly clock: Clock
  /** How many numbers to leave out before each record: tests prove with it that nobody counts offsets. */
  readonly gap?: () => number
}

/** The event log inside the one SQLite file: one commit holds a consumer's effect, and its position in the log. */
export class SqliteEventLog implements EventLog {
  readonly #database: Database
  readonly #clock: Clock
  readonly #gap: () => number
  readonly #groups = new Map<string, SqliteSubscription[]>()
  readonly #partitions = new Map<string, number>()

  constructor({ database, clock, gap = () => 0 }: SqliteEventLogOptions) {
    if (database.dialect !== 'sqlite') throw new TypeError('this log stands in a SQLite file')
    this.#database = database
    this.#clock = clock
    this.#gap = gap
  }

  async ensureTopic(topic: TopicSettings): Promise<void> {
    const retentionMilliseconds = topic.retentionMilliseconds ?? null
    await this.#database.run(async (tx) => {
      const [known] = await tx.select().from(logTopic).where(eq(logTopic.name, topic.name))
      if (known !== undefined && known.partitions !== topic.partitions) {
        throw new TopicMismatch(`topic \`${topic.name}\` has ${known.partitions} partitions`)
      }
      if (known !== undefined) return
      await tx.insert(logTopic).values({ ...topic, retentionMilliseconds })
      const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition)
      await tx
        .insert(logPartition)
        .values(partitions.map((partition) => ({ topic: topic.name, partition, low: 0, next: 0 })))
    })
  }

  async append(topic: string, records: readonly LogRecord[]): Promise<void> {
    for (const record of records) checkSize(record)
    await this.#database.run(async (tx) => {
      const partitions = await this.#partitionsOf(tx, topic)
      for (const record of records) {
        await this.#appendOne(tx, topic, partitionOf(utf8(record.key), partitions), record)
      }
      afterCommit(() => this.#ring(topic))
    })
  }

  subscribe(options: SubscribeOptions): Subscription {
    const members = this.#groups.get(options.group) ?? []
    this.#groups.set(options.group, members)
    return new SqliteSubscription(this.#database, options, members)
  }

  async *read({
    topic,
    partition,
    from,
    to = Number.MAX_SAFE_INTEGER,
  }: Parameters<EventLog['read']>[0]): AsyncGenerator<StoredRecord> {
    const mark = (await this.watermarks(topic)).find((one) => one.partition === partition)
    if (mark === undefined) throw new OffsetOutOfRange(`no partition ${partition} of \`${topic}\``)
    const end = Math.min(to, mark.high)
    let at = from === 'earliest' ? mark.low : from
    while (at < end) {
      const limit = REPLAY_PAGE
      const batch = await this.#database.read(async (tx) => fetch(tx, topic, partition, at, limit))
      for (const record of batch.records) {
        if (record.offset < end) yield record
      }
      at = batch.next
    }
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    return this.#database.read(async (tx) => {
      const { partition, low, next } = logPartition
      return tx
        .select({ partition, low, high: next })
        .from(logPartition)
        .where(eq(logPartition.topic, topic))
        .orderBy(asc(partition))
    })
  }

  async close(): Promise<void> {
    const all = [...this.#groups.values()].flat()
    await Promise.all(all.map((subscription) => subscription.stop()))
  }

  async #partitionsOf(tx: Tx, topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known !== undefined) return known
    const [settings] = await tx.select().from(logTopic).where(eq(logTopic.name, topic))
    if (settings === undefined) throw new AppendRefused(`no topic \`${topic}\``)
    this.#partitions.set(topic, settings.partitions)
    return settings.partitions
  }

  async #appendOne(tx: Tx, topic: string, partition: number, record: LogRecord): Promise<void> {
    const { key, headers, value } = record
    const id = fromHex(record.id.replaceAll('-', ''), 'id')
    const gap = this.#gap()
    const [mark] = await tx
      .update(logPartition)
      .set({ next: sql`${logPartition.next} + ${gap + 1}` })
      .where(and(eq(logPartition.topic, topic), eq(logPartition.partition, partition)))
      .returning({ next: logPartition.next })
    if (mark === undefined) throw new AppendRefused(`no partition ${partition} of \`${topic}\``)
    await tx
      .insert(logRecord)
      .values({
        topic,
        partition,
        offset: mark.next - 1,
        id,
        key,
        headers,
        value,
        appendedAt: this.#clock.now(),
      })
      // A retry of an append whose outcome was unknown; the number it took stays a gap.
      .onConflictDoNothing({ target: [logRecord.topic, logRecord.id] })
  }

  #ring(topic: string): void {
    for (const members of this.#groups.values()) {
      for (const subscription of members) subscription.ring(topic)
    }
  }
}

class SqliteSubscription implements Subscription {
  readonly finished: Promise<void>
  readonly #database: Database
  readonly #options: SubscribeOptions
  readonly #members: SqliteSubscription[]
  readonly #stopping = new AbortController()
  readonly #wakeUp = new WakeUp()
  /** Where this member stands in the partitions that are its own now. */
  readonly #positions = new Map<string, number>()

  constructor(database: Database, options: SubscribeOptions, members: SqliteSubscription[]) {
    this.#database = database
    this.#options = options
    this.#members = members
    members.push(this)
    for (const member of members) member.#wakeUp.ring()
    this.finished = this.#loop().finally(() => this.#leave())
    // Who waits for `finished` gets the error; until then it is not an unhandled one.
    this.finished.catch(() => undefined)
  }

  ring(topic: string): void {
    if (this.#options.topics.includes(topic)) this.#wakeUp.ring()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.finished.catch(() => undefined)
  }

  #leave(): void {
    this.#members.splice(this.#members.indexOf(this), 1)
    for (const member of this.#members) member.#wakeUp.ring()
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const own = await this.#ownPartitions()
      const steps = await Promise.allSettled(own.map((mark) => this.#step(mark)))
      const failed = steps.find((step) => step.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      const moved = steps.some((step) => step.status === 'fulfilled' && step.value)
      if (!moved) await this.#wakeUp.wait(POLL_MILLISECONDS, signal)
    }
  }

  /** The partitions are dealt out by place in the group, so a join or a leave moves some of them. */
  async #ownPartitions(): Promise<(Watermarks & { topic: string })[]> {
    const { topic, partition, low, next } = logPartition
    const all = await this.#database.read(async (tx) =>
      tx
        .select({ topic, partition, low, high: next })
        .from(logPartition)
        .where(inArray(topic, [...this.#options.topics]))
        .orderBy(asc(topic), asc(partition)),
    )
    const place = this.#members.indexOf(this)
    const own = all.filter((_, index) => index % this.#members.length === place)
    const names = new Set(own.map((mark) => nameOf(mark.topic, mark.partition)))
    for (const name of this.#positions.keys()) if (!names.has(name)) this.#positions.delete(name)
    return own
  }

  /** Handles the next batch of one partition; false when there is none. */
  async #step({ topic, partition, low, high }: Watermarks & { topic: string }): Promise<boolean> {
    const { signal } = this.#stopping
    const name = nameOf(topic, partition)
    const at = this.#positions.get(name) ?? (await this.#startAt(topic, partition, low))
    this.#positions.set(name, at)
    if (at >= high || signal.aborted) return false
    const batch = await this.#database.read(async (tx) =>
      fetch(tx, topic, partition, at, this.#options.maxBatch),
    )
    try {
      await this.#options.onBatch(batch, signal)
      this.#positions.set(name, batch.next)
    } catch (error) {
      if (!(error instanceof StalePosition)) throw error
      this.#positions.delete(name)
    }
    return true
  }

  async #startAt(topic: string, partition: number, low: number): Promise<number> {
    const start = await this.#options.startAt(topic, partition)
    return start === 'earliest' ? low : start
  }
}

/** @throws OffsetOutOfRange */
async function fetch(
  tx: Tx,
  topic: string,
  partition: number,
  from: number,
  limit: number,
): Promise<Batch> {
  const [mark] = await tx
    .select()
    .from(logPartition)
    .where(and(eq(logPartition.topic, topic), eq(logPartition.partition, partition)))
  if (mark === undefined || from < mark.low) {
    throw new OffsetOutOfRange(`offset ${from} of \`${topic}\` ${partition} has been deleted`)
  }
  const { offset, key, headers, value } = logRecord
  const rows = await tx
    .select({ offset, key, headers, value })
    .from(logRecord)
    .where(and(eq(logRecord.topic, topic), eq(logRecord.partition, partition), gte(offset, from)))
    .orderBy(asc(offset))
    .limit(limit)
  const records = rows.map((row) => ({ ...row, topic, partition }))
  const last = records.at(-1)
  const next = last !== undefined && records.length === limit ? last.offset + 1 : mark.next
  return { topic, partition, from, records, next }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
