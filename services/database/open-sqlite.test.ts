import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { table, text } from './columns-sqlite.ts'
import { afterCommit } from './current-work.ts'
import { openTemporaryDatabase } from './temporary-database.ts'

const note = table('note', { id: text('id').primaryKey() })

async function withNotes() {
  const temporary = await openTemporaryDatabase()
  await temporary.database.run(async (tx) => tx.run(sql`create table note (id text primary key)`))
  return temporary
}

describe('SQLite unit of work', () => {
  test('syncs every commit to the disk', async () => {
    await using temporary = await withNotes()
    const [row] = await temporary.database.run(async (tx) =>
      tx.all<{ synchronous: number }>(sql`pragma synchronous`),
    )
    expect(row?.synchronous).toBe(2) // FULL: NORMAL would lose acknowledged commits at power loss
  })

  test('makes callers of one turn share a commit, and undoes only the one that fails', async () => {
    await using temporary = await withNotes()
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) =>
        temporary.database.run(async (tx) => {
          await tx.insert(note).values({ id: `n${i}` })
          if (i % 10 === 0) throw new RangeError('undo')
        }),
      ),
    )
    expect(results.filter((r) => r.status === 'rejected')).toHaveLength(20)
    const rows = await temporary.database.read(async (tx) => tx.select().from(note))
    expect(rows).toHaveLength(180)
    expect(rows.some((row) => row.id === 'n10')).toBe(false)
  })

  test('refuses new work after close, and finishes what was queued before', async () => {
    await using temporary = await withNotes()
    const queued = temporary.database.run(async (tx) => tx.insert(note).values({ id: 'last' }))
    await temporary.database.close()
    await expect(queued).resolves.toBeDefined()
    await expect(temporary.database.run(async () => 1)).rejects.toThrow(TypeError)
  })

  test('acknowledges a whole group when a callback of one of its works throws, and raises the fault once', async () => {
    await using temporary = await withNotes()
    const fault = new RangeError('a callback of ours')
    const raised: unknown[] = []
    const called: string[] = []
    process.setUncaughtExceptionCaptureCallback((error) => raised.push(error))
    try {
      const group = ['a', 'b', 'c'].map((id) =>
        temporary.database.run(async (tx) => {
          afterCommit(() => {
            called.push(id)
            if (id === 'a') throw fault
          })
          afterCommit(() => called.push(`${id}2`))
          await tx.insert(note).values({ id })
          return id
        }),
      )
      expect(await Promise.all(group)).toEqual(['a', 'b', 'c'])
      expect(await temporary.database.run(async () => 'goes on')).toBe('goes on')
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
    expect(called).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2'])
    expect(raised).toEqual([fault])
  })

  test('gives a lock to one holder at a time, who sees that it is gone after release', async () => {
    await using temporary = await openTemporaryDatabase()
    const { database } = temporary
    const first = await database.tryLock('relay')
    expect(first?.held).toBe(true)
    expect(await database.tryLock('relay')).toBeUndefined()
    await first?.release()
    expect(first?.held).toBe(false)
    const second = await database.tryLock('relay')
    await first?.release()
    expect(second?.held).toBe(true)
    expect(await database.tryLock('relay')).toBeUndefined()
  })

  test('fails every caller of a group when the disk is full, and keeps what was committed', async () => {
    await using temporary = await withNotes()
    const { database } = temporary
    await database.run(async (tx) => tx.insert(note).values({ id: 'kept' }))
    await database.run(async (tx) => tx.all(sql`pragma max_page_count = 3`))
    const big = 'x'.repeat(60_000)
    await expect(database.run(async (tx) => tx.insert(note).values({ id: big }))).rejects.toThrow()
    await database.run(async (tx) => tx.all(sql`pragma max_page_count = 100000`))
    await database.run(async (tx) => tx.insert(note).values({ id: 'after' }))
    const rows = await database.read(async (tx) => tx.select().from(note))
    expect(rows.map((row) => row.id).sort()).toEqual(['after', 'kept'])
    expect(
      await database.read(async (tx) => tx.select().from(note).where(eq(note.id, big))),
    ).toEqual([])
  })
})
