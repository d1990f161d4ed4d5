import { describe, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import { openDatabase } from '../../services/database/open.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { trimPartition } from '../../services/eventlog/log-cleanup-store.ts'
import { SqliteEventLog } from '../../services/eventlog/sqlite-event-log.ts'
import { FrozenClock, systemClock } from '../../services/kernel/clock.ts'
import { eventLogContract, readAll, record, textOf, type EventLogUnderTest } from './event-log.ts'

async function open(gap: () => number): Promise<EventLogUnderTest> {
  const temporary = await openTemporaryDatabase('eventlog')
  const { database, file } = temporary
  const log = new SqliteEventLog({ database, clock: systemClock, gap })
  return {
    log,
    reopen: async () => {
      const again = openDatabase({ kind: 'sqlite', file })
      const other = new SqliteEventLog({ database: again, clock: systemClock })
      const close = other.close.bind(other)
      other.close = async () => {
        await close()
        await again.close()
      }
      return other
    },
    trim: (topic, partition, before) => trimPartition(database, { topic, partition }, before),
    close: async () => {
      await log.close()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

eventLogContract('SQLite', () => open(() => 0))
let skipped = 0
eventLogContract('SQLite that leaves numbers out', () => open(() => (skipped += 1) % 3))

describe('event log in SQLite', () => {
  test('holds an event once when its append is tried again with the same id', async () => {
    await using temporary = await openTemporaryDatabase('eventlog')
    const log = new SqliteEventLog({ database: temporary.database, clock: systemClock })
    await log.ensureTopic({ name: 't', partitions: 1, cleanup: 'delete' })
    const one = record('a', 'once')
    await log.append('t', [one])
    await log.append('t', [one, record('a', 'next')])
    expect((await readAll(log, 't')).map(textOf)).toEqual(['once', 'next'])
  })

  test('keeps the order when the clock jumps back', async () => {
    await using temporary = await openTemporaryDatabase('eventlog')
    const clock = new FrozenClock('2026-04-01T12:00:00Z')
    const log = new SqliteEventLog({ database: temporary.database, clock })
    await log.ensureTopic({ name: 't', partitions: 1, cleanup: 'delete' })
    await log.append('t', [record('a', '1')])
    clock.set('2020-01-01T00:00:00Z')
    await log.append('t', [record('a', '2')])
    expect((await readAll(log, 't')).map(textOf)).toEqual(['1', '2'])
  })

  test('rejects an append on a full disk and stays whole', async () => {
    await using temporary = await openTemporaryDatabase('eventlog')
    const { database } = temporary
    const log = new SqliteEventLog({ database, clock: systemClock })
    await log.ensureTopic({ name: 't', partitions: 1, cleanup: 'delete' })
    await log.append('t', [record('a', 'before')])
    const limit = (pages: number): Promise<unknown> =>
      database.run(async (tx) => tx.all(sql.raw(`pragma max_page_count = ${pages}`)))
    await limit(1)
    await expect(log.append('t', [record('a', 'x'.repeat(200_000))])).rejects.toThrow()
    await limit(1_000_000)
    await log.append('t', [record('a', 'after')])
    expect((await readAll(log, 't')).map(textOf)).toEqual(['before', 'after'])
    const check = await database.read(async (tx) => tx.all(sql`pragma integrity_check`))
    expect(check).toEqual([{ integrity_check: 'ok' }])
  })
})
