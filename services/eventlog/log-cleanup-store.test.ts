import { describe, expect, test } from 'vitest'
import { utf8 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { TOPICS, type OutgoingEvent } from '../kernel/event.ts'
import { orderedId, systemRandom } from '../kernel/random.ts'
import { openTemporaryDatabase } from '../database/temporary-database.ts'
import { ConsumerStore } from './consumer-store.ts'
import { OffsetOutOfRange, type LogRecord, type StoredRecord } from './event-log.ts'
import { cleanUpLog } from './log-cleanup-store.ts'
import { SqliteEventLog } from './sqlite-event-log.ts'
import { OutboxStore } from './outbox-store.ts'
import { openTemporaryEventCore } from './temporary-event-core.ts'

const DAY = 24 * 3600 * 1000

async function openLog(cleanup: 'compact' | 'delete', retentionMilliseconds?: number) {
  const temporary = await openTemporaryDatabase('eventlog')
  const { database } = temporary
  const clock = new FrozenClock('2026-04-01T00:00:00Z')
  const log = new SqliteEventLog({ database, clock })
  const retention = retentionMilliseconds === undefined ? {} : { retentionMilliseconds }
  await log.ensureTopic({ name: 't', partitions: 1, cleanup, ...retention })
  return {
    database,
    clock,
    log,
    append: (...records: [key: string, text: string | null][]) =>
      log.append(
        't',
        records.map(([key, text]) => record(key, text, clock.now())),
      ),
    texts: async (from: number | 'earliest' = 'earliest') =>
      (await records(log, from)).map(({ key, value }) =>
        value === null ? `${key} gone` : Buffer.from(value).toString(),
      ),
    later: (milliseconds: number) => clock.set(new Date(clock.now().getTime() + milliseconds)),
    cleanUp: (bounds?: { recordsPerPartition: number; recordsPerCommit: number }) =>
      cleanUpLog(database, clock.now(), bounds),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  }
}

describe('clean-up of a compacted topic', () => {
  test('leaves the last record per key, at its offset and in order', async () => {
    await using t = await openLog('compact')
    await t.append(['a', 'a1'], ['b', 'b1'], ['a', 'a2'], ['c', 'c1'], ['a', 'a3'])
    const before = await records(t.log)
    expect(await t.cleanUp()).toBe(2)
    expect(await t.texts()).toEqual(['b1', 'c1', 'a3'])
    expect(before).toEqual(expect.arrayContaining(await records(t.log)))
    expect(await t.cleanUp()).toBe(0)
  })

  test('drops a tombstone a day later, once every consumer is past it', async () => {
    await using t = await openLog('compact')
    await t.append(['a', 'a1'], ['a', null], ['b', 'b1'])
    const consumers = new ConsumerStore(t.database)
    await t.database.run((tx) => consumers.moveTo(tx, 'quick', 't', 0, 3))
    await t.database.run((tx) => consumers.moveTo(tx, 'slow', 't', 0, 1))
    await t.cleanUp()
    expect(await t.texts()).toEqual(['a gone', 'b1'])
    t.later(2 * DAY)
    await t.cleanUp()
    expect(await t.texts()).toEqual(['a gone', 'b1'])
    await t.database.run((tx) => consumers.moveTo(tx, 'slow', 't', 0, 2))
    await t.cleanUp()
    expect(await t.texts()).toEqual(['b1'])
  })

  test('does a bounded piece at a time, and never lets a deleted value come back', async () => {
    await using t = await openLog('compact')
    await t.append(['a', 'a1'], ['b', 'b1'], ['b', 'b2'], ['a', 'a2'], ['a', null])
    t.later(2 * DAY)
    const bounds = { recordsPerPartition: 2, recordsPerCommit: 1 }
    expect(await t.cleanUp(bounds)).toBe(2)
    expect(await t.texts()).toEqual(['b2', 'a2', 'a gone'])
    expect(await t.cleanUp(bounds)).toBe(2)
    expect(await t.texts()).toEqual(['b2'])
  })

  test('keeps what the relay may append again, so that the last value stays the last', async () => {
    await using t = await openLog('compact')
    const [first, second] = ['a1', 'a2'].map((text) => record('a', text, t.clock.now()))
    if (first === undefined || second === undefined) throw new TypeError('two were made')
    const outbox = new OutboxStore(t.database)
    for (const row of [first, second]) {
      await t.database.run((tx) => outbox.add(tx, { ...row, topic: 't' }))
    }
    await t.log.append('t', [first, second])
    expect(await t.cleanUp()).toBe(0)
    await t.log.append('t', [first, second]) // as after a crash between append and mark
    const rows = await t.database.read((tx) => outbox.pending(tx, 10))
    await t.database.run((tx) =>
      outbox.remove(
        tx,
        rows.map(({ seq }) => seq),
      ),
    )
    expect(await t.cleanUp()).toBe(1)
    expect(await t.texts()).toEqual(['a2'])
  })

  test('breaks no consumer that is behind: it gets the last value of every key', async () => {
    await using core = await openTemporaryEventCore()
    const seen: string[] = []
    const definition = {
      name: 'test.behind',
      topics: [TOPICS.assurance],
      apply: async (_tx: unknown, { key, value }: { key: string; value: Uint8Array }) => {
        seen.push(`${key} ${Buffer.from(value).toString()}`)
      },
    }
    const publish = (key: string, text: string): Promise<unknown> =>
      core.database.run((tx) => core.publisher('policy').publish(tx, snapshot(key, text)))
    const first = core.consume(definition)
    await publish('a', '1')
    await core.settle()
    await first.stop()
    for (const text of ['2', '3', '4']) {
      await publish('a', text)
      await publish('b', text)
    }
    await expect.poll(() => core.relay.pending()).toBe(0)
    expect(await cleanUpLog(core.database, core.clock.now())).toBe(5)
    const again = core.consume(definition)
    await expect.poll(() => again.lag()).toBe(0)
    expect(seen[0]).toBe('a 1')
    expect(seen.slice(1).sort()).toEqual(['a 4', 'b 4'])
    await publish('a', '5')
    await expect.poll(() => seen.at(-1)).toBe('a 5')
  })
})

describe('clean-up of other topics', () => {
  test('deletes what is older than the retention, and tells a reader that wants it', async () => {
    await using t = await openLog('delete', 10 * DAY)
    await t.append(['a', '1'], ['a', '2'], ['a', '3'])
    t.later(8 * DAY)
    await t.append(['a', '4'])
    expect(await t.cleanUp()).toBe(0)
    t.later(3 * DAY)
    expect(await t.cleanUp({ recordsPerPartition: 2, recordsPerCommit: 1 })).toBe(2)
    expect(await t.texts()).toEqual(['3', '4'])
    expect(await t.cleanUp()).toBe(1)
    expect(await t.texts()).toEqual(['4'])
    expect(await t.log.watermarks('t')).toEqual([{ partition: 0, low: 3, high: 4 }])
    await expect(t.texts(0)).rejects.toThrow(OffsetOutOfRange)
  })

  test('goes on after everything was deleted', async () => {
    await using t = await openLog('delete', DAY)
    await t.append(['a', '1'])
    t.later(2 * DAY)
    await t.cleanUp()
    expect(await t.texts()).toEqual([])
    await t.append(['a', '2'])
    expect(await t.texts(1)).toEqual(['2'])
  })

  test('leaves a topic without retention alone', async () => {
    await using t = await openLog('delete')
    await t.append(['a', '1'], ['a', '2'])
    t.later(10_000 * DAY)
    expect(await t.cleanUp()).toBe(0)
    expect(await t.texts()).toEqual(['1', '2'])
  })
})

async function records(
  log: SqliteEventLog,
  from: number | 'earliest' = 'earliest',
): Promise<StoredRecord[]> {
  const all: StoredRecord[] = []
  for await (const one of log.read({ topic: 't', partition: 0, from })) all.push(one)
  return all
}

function record(key: string, text: string | null, at: Date): LogRecord {
  const value = text === null ? null : utf8(text)
  return { id: orderedId(systemRandom, at), key, value, headers: {} }
}

function snapshot(key: string, text: string): OutgoingEvent {
  return {
    topic: TOPICS.assurance,
    key,
    type: 'watashi.policy.v1.AssuranceSnapshot',
    value: utf8(text),
    occurredAt: new Date('2026-04-01T00:00:00Z'),
  }
}
