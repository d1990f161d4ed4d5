import { asc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as postgresColumns from '../../services/database/columns-postgres.ts'
import * as sqliteColumns from '../../services/database/columns-sqlite.ts'
import { afterCommit } from '../../services/database/current-work.ts'
import type { Database } from '../../services/database/database.ts'
import { isUniqueViolation } from '../../services/database/errors.ts'
import { inSavepoint } from '../../services/database/savepoint.ts'
import { tablesFor } from '../../services/database/tables.ts'

const sqlite = {
  account: sqliteColumns.table('contract_account', {
    id: sqliteColumns.text('id').primaryKey(),
    balance: sqliteColumns.whole('balance').notNull(),
    open: sqliteColumns.flag('open').notNull().default(true),
    at: sqliteColumns.instant('at'),
    bytes: sqliteColumns.bytes('bytes'),
    shape: sqliteColumns.json<{ readonly names: readonly string[] }>('shape'),
  }),
}
const postgres = {
  account: postgresColumns.table('contract_account', {
    id: postgresColumns.text('id').primaryKey(),
    balance: postgresColumns.whole('balance').notNull(),
    open: postgresColumns.flag('open').notNull().default(true),
    at: postgresColumns.instant('at'),
    bytes: postgresColumns.bytes('bytes'),
    shape: postgresColumns.json<{ readonly names: readonly string[] }>('shape'),
  }),
}
const DDL = {
  sqlite:
    'create table contract_account (id text primary key, balance integer not null, "open" integer not null default 1, at integer, bytes blob, shape text)',
  postgres:
    'create table contract_account (id text primary key, balance bigint not null, "open" boolean not null default true, at timestamptz(3), bytes bytea, shape jsonb)',
}

/** What both databases must keep; `execute` runs one raw statement. */
export function unitOfWorkContract(
  name: string,
  open: () => Promise<{ database: Database; close(): Promise<void> }>,
): void {
  describe(`unit of work contract: ${name}`, () => {
    let database: Database
    let close: () => Promise<void>
    let account: (typeof sqlite)['account']
    beforeAll(async () => {
      const opened = await open()
      database = opened.database
      close = () => opened.close()
      account = tablesFor(database.dialect, sqlite, postgres).account
      await database.run(async (tx) => {
        const raw = tx as unknown as { run?(s: unknown): void; execute?(s: unknown): Promise<void> }
        const statement = sql.raw(DDL[database.dialect])
        await (database.dialect === 'sqlite' ? raw.run?.(statement) : raw.execute?.(statement))
      })
    })
    beforeEach(() => database.run((tx) => tx.delete(account)))
    afterAll(() => close())

    const balances = (): Promise<number[]> =>
      database.read(async (tx) => {
        const rows = await tx.select().from(account).orderBy(asc(account.id))
        return rows.map((row) => row.balance)
      })

    test('gives back every kind of column as it was written', async () => {
      const row = {
        id: '名',
        balance: 2 ** 53 - 1,
        open: false,
        at: new Date('2026-04-01T12:34:56.789Z'),
        bytes: Uint8Array.from([0, 127, 128, 255]),
        shape: { names: ['a', '"', '\\', 'é'] },
      }
      await database.run((tx) => tx.insert(account).values(row))
      await database.run((tx) => tx.insert(account).values({ id: 'z', balance: 0 }))
      const [first, second] = await database.read((tx) =>
        tx.select().from(account).orderBy(asc(account.balance)),
      )
      expect({ ...second, bytes: [...(second?.bytes ?? [])] }).toEqual({
        ...row,
        bytes: [...row.bytes],
      })
      expect(first).toEqual({ id: 'z', balance: 0, open: true, at: null, bytes: null, shape: null })
    })

    test('gives the result of the work, and a read sees it', async () => {
      const id = await database.run(async (tx) => {
        const [row] = await tx.insert(account).values({ id: 'a', balance: 7 }).returning()
        return row?.id
      })
      expect(id).toBe('a')
      expect(await balances()).toEqual([7])
    })

    test('undoes work that throws, and leaves its neighbours', async () => {
      const results = await Promise.allSettled([
        database.run((tx) => tx.insert(account).values({ id: 'a', balance: 1 })),
        database.run(async (tx) => {
          await tx.insert(account).values({ id: 'b', balance: 2 })
          throw new RangeError('undo')
        }),
        database.run((tx) => tx.insert(account).values({ id: 'c', balance: 3 })),
      ])
      expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await balances()).toEqual([1, 3])
    })

    test('names a violated unique key, and goes on afterwards', async () => {
      await database.run((tx) => tx.insert(account).values({ id: 'a', balance: 1 }))
      const error: unknown = await database
        .run((tx) => tx.insert(account).values({ id: 'a', balance: 2 }))
        .catch((reason: unknown) => reason)
      expect(isUniqueViolation(error)).toBe(true)
      expect(isUniqueViolation(new RangeError('other'))).toBe(false)
      expect(await balances()).toEqual([1])
    })

    test('loses no update of many that read and then write the same row', async () => {
      await database.run((tx) => tx.insert(account).values({ id: 'a', balance: 0 }))
      const add = (): Promise<unknown> =>
        database.run(async (tx) => {
          const [row] = await tx.select().from(account).where(eq(account.id, 'a'))
          await tx.update(account).set({ balance: (row?.balance ?? 0) + 1 })
        })
      for (let round = 0; round < 5; round += 1) await Promise.all([add(), add(), add(), add()])
      expect(await balances()).toEqual([20])
    })

    test('shows a reader one state from its first query to its last', async () => {
      await database.run((tx) => tx.insert(account).values({ id: 'a', balance: 1 }))
      const [before, after] = await database.read(async (tx) => {
        const first = await tx.select().from(account)
        await database.run((inner) => inner.update(account).set({ balance: 2 }))
        return [first, await tx.select().from(account)]
      })
      expect(after).toEqual(before)
      expect(await balances()).toEqual([2])
    })

    test('shows no reader what is not committed', async () => {
      const inside = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      const running = database.run(async (tx) => {
        await tx.insert(account).values({ id: 'a', balance: 1 })
        inside.resolve()
        await goOn.promise
      })
      await inside.promise
      expect(await balances()).toEqual([])
      goOn.resolve()
      await running
      expect(await balances()).toEqual([1])
    })

    test('refuses to write through a read', async () => {
      await expect(
        database.read(async (tx) => tx.insert(account).values({ id: 'a', balance: 1 })),
      ).rejects.toThrow()
      expect(await balances()).toEqual([])
    })

    test('refuses a unit of work inside another one, which would wait for itself', async () => {
      await expect(database.run(() => database.run(async () => 1))).rejects.toThrow(TypeError)
    })

    test('undoes to a savepoint and keeps the rest', async () => {
      await database.run(async (tx) => {
        await tx.insert(account).values({ id: 'a', balance: 1 })
        for (const id of ['b', 'a']) {
          const step = (): Promise<void> =>
            inSavepoint(database.dialect, tx, async () => {
              await tx.insert(account).values({ id, balance: 2 })
              if (id === 'b') throw new RangeError('undo')
            })
          await expect(step()).rejects.toThrow()
        }
        await tx.insert(account).values({ id: 'c', balance: 3 })
      })
      expect(await balances()).toEqual([1, 3])
    })

    test('calls back after the commit, and not after a rollback', async () => {
      const called: string[] = []
      await database.run(async (tx) => {
        await tx.insert(account).values({ id: 'a', balance: 1 })
        afterCommit(() => called.push('committed'))
        expect(called).toEqual([])
      })
      await expect(
        database.run(async () => {
          afterCommit(() => called.push('rolled back'))
          throw new RangeError('undo')
        }),
      ).rejects.toThrow(RangeError)
      expect(called).toEqual(['committed'])
      expect(() => afterCommit(() => undefined)).toThrow(TypeError)
    })

    test('gives a named lock to one holder at a time', async () => {
      const first = await database.tryLock('contract')
      expect(first?.held).toBe(true)
      expect(await database.tryLock('contract')).toBeUndefined()
      const other = await database.tryLock('contract.other')
      expect(other?.held).toBe(true)
      await first?.release()
      const again = await database.tryLock('contract')
      expect(again?.held).toBe(true)
      await again?.release()
      await other?.release()
    })
  })
}
