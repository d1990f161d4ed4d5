import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
} from '../../services/eventlog/event-log.ts'
import { partitionOf } from '../../services/eventlog/partition.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { orderedId, systemRandom } from '../../services/kernel/random.ts'

const PARTITIONS = 3

export interface EventLogUnderTest {
  readonly log: EventLog
  /** A second way to the same log, as after a restart of the process. */
  reopen(): Promise<EventLog>
  /** Deletes the records before `before`, as retention does. */
  trim(topic: string, partition: number, before: number): Promise<void>
  close(): Promise<void>
}

/** What every adapter of the port must keep, S1–S13 of the port's semantics. */
export function eventLogContract(name: string, open: () => Promise<EventLogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    let subject: EventLogUnderTest
    let log: EventLog
    beforeAll(async () => {
      subject = await open()
      log = subject.log
    })
    afterAll(() => subject.close())

    async function newTopic(): Promise<string> {
      const topic = `contract.${randomUUID()}`
      await log.ensureTopic({ name: topic, partitions: PARTITIONS, cleanup: 'delete' })
      return topic
    }

    test('makes a topic once, and refuses another number of partitions', async () => {
      const topic = await newTopic()
      await log.ensureTopic({ name: topic, partitions: PARTITIONS, cleanup: 'delete' })
      await expect(
        log.ensureTopic({ name: topic, partitions: PARTITIONS + 1, cleanup: 'delete' }),
      ).rejects.toThrow(TopicMismatch)
      expect(await log.watermarks(topic)).toEqual([
        { partition: 0, low: 0, high: 0 },
        { partition: 1, low: 0, high: 0 },
        { partition: 2, low: 0, high: 0 },
      ])
    })

    test('keeps the order of appends per key, each key in the partition that its hash says', async () => {
      const topic = await newTopic()
      const records = Array.from({ length: 60 }, (_, i) => record(`key-${i % 7}`, `${i}`))
      await log.append(topic, records.slice(0, 30))
      await log.append(topic, records.slice(30))
      const stored = await readAll(log, topic)
      expect(stored).toHaveLength(60)
      for (const one of stored) {
        expect(one.partition).toBe(partitionOf(utf8(one.key), PARTITIONS))
      }
      expect(byKey(stored)).toEqual(byKey(records))
    })

    test('gives back key, headers and value byte by byte, a missing value as missing', async () => {
      const topic = await newTopic()
      const value = Uint8Array.from({ length: 256 }, (_, i) => i)
      const headers = { ce_id: 'x', 'content-type': 'application/protobuf', other: '名前' }
      await log.append(topic, [
        { id: newId(), key: 'キー', value, headers },
        { id: newId(), key: 'gone', value: null, headers: {} },
        { id: newId(), key: 'empty', value: new Uint8Array(), headers: {} },
      ])
      const stored = await readAll(log, topic)
      const first = stored.find((one) => one.key === 'キー')
      expect(first?.headers).toEqual(headers)
      expect(Buffer.from(first?.value ?? [])).toEqual(Buffer.from(value))
      expect(stored.find((one) => one.key === 'gone')?.value).toBeNull()
      expect(stored.find((one) => one.key === 'empty')?.value).toHaveLength(0)
    })

    test('counts offsets up within a partition', async () => {
      const topic = await newTopic()
      for (let i = 0; i < 10; i += 1) await log.append(topic, [record('one', `${i}`)])
      const offsets = (await readAll(log, topic)).map((one) => one.offset)
      expect(offsets).toHaveLength(10)
      expect(offsets.every((at, i) => i === 0 || at > (offsets[i - 1] ?? at))).toBe(true)
    })

    test('has what an append acknowledged, seen by another process', async () => {
      const topic = await newTopic()
      await log.append(topic, [record('a', '1')])
      const other = await subject.reopen()
      try {
        expect(await readAll(other, topic)).toHaveLength(1)
      } finally {
        await other.close()
      }
    })

    test('refuses a record that is too large, and takes the others', async () => {
      const topic = await newTopic()
      const big = { ...record('a', ''), value: new Uint8Array(1_100_000) }
      await expect(log.append(topic, [big])).rejects.toThrow(AppendRefused)
      await log.append(topic, [record('a', 'small')])
      expect(await readAll(log, topic)).toHaveLength(1)
    })

    test('delivers a suffix again after a restart, from the position that the subscriber keeps', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 5))
      const first = collector(topic)
      const running = log.subscribe(first.options)
      await first.until(5)
      await running.stop()
      await log.append(topic, texts('a', 3, 5))
      const second = collector(topic, { startAt: (partition) => first.from(partition, 3) })
      const again = log.subscribe(second.options)
      await second.until(5)
      await again.stop()
      expect(second.texts('a')).toEqual(['3', '4', '5', '6', '7'])
    })

    test('ends the subscription with the error of its handler, and delivers the batch to the next', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 3))
      const failing = log.subscribe({
        ...collector(topic).options,
        onBatch: async () => {
          throw new RangeError('a fault of ours')
        },
      })
      await expect(failing.finished).rejects.toThrow(RangeError)
      const next = collector(topic)
      const running = log.subscribe(next.options)
      await next.until(3)
      await running.stop()
      expect(next.texts('a')).toEqual(['0', '1', '2'])
    })

    test('asks for the position again when the handler says that it is stale', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 3))
      const inner = collector(topic)
      let refused = 0
      const running = log.subscribe({
        ...inner.options,
        onBatch: async (batch, signal) => {
          if (batch.records.length > 0 && (refused += 1) <= 2) throw new StalePosition('not yet')
          await inner.options.onBatch(batch, signal)
        },
      })
      await inner.until(3)
      await running.stop()
      expect(inner.texts('a')).toEqual(['0', '1', '2'])
    })

    test('reads from any offset to any other, without a group', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 6))
      const partition = partitionOf(utf8('a'), PARTITIONS)
      const all = await toArray(log.read({ topic, partition, from: 'earliest' }))
      const from = all[2]?.offset ?? -1
      const to = all[4]?.offset ?? -1
      const some = await toArray(log.read({ topic, partition, from, to }))
      expect(some.map(textOf)).toEqual(['2', '3'])
      expect(await toArray(log.read({ topic, partition, from: to, to: from }))).toEqual([])
    })

    test('says so when a reader wants what retention has deleted, and never skips it', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 4))
      const partition = partitionOf(utf8('a'), PARTITIONS)
      const all = await toArray(log.read({ topic, partition, from: 'earliest' }))
      await subject.trim(topic, partition, all[2]?.offset ?? -1)
      await expect(toArray(log.read({ topic, partition, from: 0 }))).rejects.toThrow(
        OffsetOutOfRange,
      )
      const left = await toArray(log.read({ topic, partition, from: 'earliest' }))
      expect(left.map(textOf)).toEqual(['2', '3'])
      const late = log.subscribe(collector(topic, { startAt: async () => 0 }).options)
      await expect(late.finished).rejects.toThrow(OffsetOutOfRange)
    })

    test('hands out batches of the size asked for that join without a hole', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 25))
      const inner = collector(topic, { maxBatch: 4 })
      const running = log.subscribe(inner.options)
      await inner.until(25)
      await running.stop()
      const batches = inner.batches.filter((batch) => batch.records.length > 0)
      expect(batches.every((batch) => batch.records.length <= 4)).toBe(true)
      for (const [i, batch] of batches.entries()) {
        expect(batch.from).toBe(i === 0 ? 0 : batches[i - 1]?.next)
      }
    })

    test('gives a slow handler no second batch meanwhile, and does not hold up another group', async () => {
      const topic = await newTopic()
      await log.append(topic, texts('a', 8))
      const gate = Promise.withResolvers<void>()
      let inside = 0
      let most = 0
      const slow = collector(topic, { maxBatch: 2 })
      const slowRunning = log.subscribe({
        ...slow.options,
        onBatch: async (batch, signal) => {
          inside += 1
          most = Math.max(most, inside)
          await gate.promise
          await slow.options.onBatch(batch, signal)
          inside -= 1
        },
      })
      const quick = collector(topic)
      const quickRunning = log.subscribe(quick.options)
      await quick.until(8)
      gate.resolve()
      await slow.until(8)
      await Promise.all([slowRunning.stop(), quickRunning.stop()])
      expect(most).toBe(1)
    })

    test('shares the partitions among the members of a group, and hands them over when one leaves', async () => {
      const topic = await newTopic()
      const group = `group.${randomUUID()}`
      // Kept outside of the members, as the database of a consumer is.
      const positions = new Map<number, number>()
      const seen: string[] = []
      const options: SubscribeOptions = {
        group,
        topics: [topic],
        maxBatch: 100,
        startAt: async (_topic, partition) => positions.get(partition) ?? 'earliest',
        onBatch: async (batch) => {
          const at = positions.get(batch.partition) ?? 0
          if (batch.from > at) throw new StalePosition('a hole')
          for (const one of batch.records) if (one.offset >= at) seen.push(textOf(one))
          positions.set(batch.partition, Math.max(at, batch.next))
        },
      }
      const keys = ['a', 'b', 'c', 'd', 'e', 'f']
      const append = (round: number): Promise<void> =>
        log.append(
          topic,
          keys.map((key) => record(key, `${key}${round}`)),
        )
      await append(0)
      const first = log.subscribe(options)
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(6)
      const second = log.subscribe(options)
      await append(1)
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(12)
      await first.stop()
      await append(2)
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(18)
      await second.stop()
      for (const key of keys) {
        expect(seen.filter((text) => text.startsWith(key))).toEqual([
          `${key}0`,
          `${key}1`,
          `${key}2`,
        ])
      }
    })

    test('keeps every key in order over any history of appends', async () => {
      const topic = await newTopic()
      const appended: LogRecord[] = []
      let counter = 0
      const history = fc.sample(
        fc.array(fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 60 }), {
          minLength: 60,
          maxLength: 60,
        }),
        { numRuns: 1, seed: 20_260_401 },
      )[0]
      const inner = collector(topic, { maxBatch: 37 })
      const running = log.subscribe(inner.options)
      for (const keys of history ?? []) {
        const records = keys.map((key) => record(`key-${key}`, `${(counter += 1)}`))
        await log.append(topic, records)
        appended.push(...records)
      }
      await inner.until(appended.length)
      await running.stop()
      expect(byKey(inner.records())).toEqual(byKey(appended))
    })
  })
}

function newId(): string {
  return orderedId(systemRandom, new Date())
}

export function record(key: string, text: string): LogRecord {
  return { id: newId(), key, value: utf8(text), headers: { text } }
}

function texts(key: string, count: number, from = 0): LogRecord[] {
  return Array.from({ length: count }, (_, i) => record(key, `${from + i}`))
}

export function textOf({ value }: Pick<LogRecord, 'value'>): string {
  return Buffer.from(value ?? []).toString()
}

export async function toArray<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

export async function readAll(log: EventLog, topic: string): Promise<StoredRecord[]> {
  const all: StoredRecord[] = []
  for (const { partition, high } of await log.watermarks(topic)) {
    if (high > 0) all.push(...(await toArray(log.read({ topic, partition, from: 'earliest' }))))
  }
  return all
}

function byKey(records: readonly Pick<LogRecord, 'key' | 'value'>[]): Record<string, string[]> {
  const keys: Record<string, string[]> = {}
  for (const one of records) (keys[one.key] ??= []).push(textOf(one))
  return keys
}

function collector(
  topic: string,
  over: { maxBatch?: number; startAt?: (partition: number) => Promise<number | 'earliest'> } = {},
) {
  const batches: Batch[] = []
  const records = (): StoredRecord[] => batches.flatMap((batch) => [...batch.records])
  const options: SubscribeOptions = {
    group: `group.${randomUUID()}`,
    topics: [topic],
    maxBatch: over.maxBatch ?? 500,
    startAt: async (_topic, partition) => (await over.startAt?.(partition)) ?? 'earliest',
    onBatch: async (batch) => {
      batches.push(batch)
    },
  }
  return {
    options,
    batches,
    records,
    texts: (key: string) =>
      records()
        .filter((one) => one.key === key)
        .map(textOf),
    /** The offset of the `count`-th record that came from a partition; the earliest for another partition. */
    from: async (partition: number, count: number): Promise<number | 'earliest'> =>
      records().filter((one) => one.partition === partition)[count]?.offset ?? 'earliest',
    until: async (count: number): Promise<void> => {
      await expect.poll(() => records().length, { timeout: 20_000, interval: 10 }).toBe(count)
    },
  }
}
