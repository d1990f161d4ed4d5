import { describe, expect, test } from 'vitest'
import { openTemporaryDatabase } from '../database/temporary-database.ts'
import { systemClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { orderedId, systemRandom } from '../kernel/random.ts'
import { AppendRefused, type EventLog, type LogRecord } from './event-log.ts'
import { OutboxStore } from './outbox-store.ts'
import { Relay } from './relay.ts'

/** A log that takes what `judge` lets pass, in memory. */
function memoryLog(judge: (record: LogRecord) => void) {
  const keys: string[] = []
  const eventLog = {
    async append(_topic: string, records: readonly LogRecord[]) {
      for (const record of records) judge(record)
      keys.push(...records.map((record) => `${record.key}${record.headers['n'] ?? ''}`))
    },
  } as unknown as EventLog
  return { eventLog, keys }
}

async function open(judge: (record: LogRecord) => void) {
  const temporary = await openTemporaryDatabase('eventlog')
  const { database } = temporary
  const outbox = new OutboxStore(database)
  const { eventLog, keys } = memoryLog(judge)
  const relay = new Relay({ database, outbox, eventLog, log: createLog('silent') })
  const add = async (...rows: string[]): Promise<void> => {
    await database.run(async (tx) => {
      for (const row of rows) {
        await outbox.add(tx, {
          id: orderedId(systemRandom, systemClock.now()),
          topic: 't',
          key: row.slice(0, 1),
          headers: { n: row.slice(1) },
          value: null,
        })
      }
    })
    relay.wake()
  }
  return {
    relay,
    keys,
    add,
    database,
    outbox,
    async [Symbol.asyncDispose]() {
      await relay.stop()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

describe('the relay', () => {
  test('empties the outbox in its order', async () => {
    await using test = await open(() => undefined)
    await test.add('a1', 'b1', 'a2')
    await test.add('a3')
    await expect.poll(() => test.relay.pending()).toBe(0)
    expect(test.keys).toEqual(['a1', 'b1', 'a2', 'a3'])
  })

  test('keeps a record that the log refuses, holds what follows under its key, and goes on with others', async () => {
    await using test = await open((record) => {
      if (record.headers['n'] === 'bad') throw new AppendRefused('too large')
    })
    await test.add('a1', 'abad', 'b1', 'a2')
    await expect.poll(() => test.relay.pending()).toBe(2)
    await test.add('a3', 'b2')
    await expect.poll(() => test.keys).toEqual(['a1', 'b1', 'b2'])
    await expect.poll(() => test.relay.pending()).toBe(3)
  })

  test('tries again until the log is back, and loses nothing meanwhile', async () => {
    let away = 2
    await using test = await open(() => {
      if ((away -= 1) >= 0) throw new Error('connection refused')
    })
    await test.add('a1', 'a2')
    await expect.poll(() => test.relay.pending(), { timeout: 5000 }).toBe(0)
    expect(test.keys).toEqual(['a1', 'a2'])
  })

  test('leaves the outbox to the one that works already', async () => {
    await using first = await open(() => undefined)
    const { eventLog, keys } = memoryLog(() => undefined)
    const second = new Relay({
      database: first.database,
      outbox: first.outbox,
      eventLog,
      log: createLog('silent'),
    })
    await first.add('a1')
    await expect.poll(() => first.relay.pending()).toBe(0)
    expect(keys).toEqual([])
    await first.relay.stop()
    await first.add('a2')
    second.wake()
    await expect.poll(() => second.pending()).toBe(0)
    expect([first.keys, keys]).toEqual([['a1'], ['a2']])
    await second.stop()
  })
})
