import { sql } from 'drizzle-orm'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import type { Database } from '../../services/database/database.ts'
import { isUnreachable } from '../../services/database/errors.ts'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import type { Tx } from '../../services/database/unit-of-work.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { freshDatabase, realServer } from '../support/servers.ts'
import { unitOfWorkContract } from './unit-of-work.ts'

const tier = await realServer('postgres')

unitOfWorkContract('SQLite', async () => {
  const temporary = await openTemporaryDatabase()
  return {
    database: temporary.database,
    close: () => temporary[Symbol.asyncDispose](),
  }
})

describe.skipIf(!tier.available)('on a real server', () => {
  if (!tier.available) return
  unitOfWorkContract(`PostgreSQL (${tier.from})`, async () => {
    const database = openDatabase({ kind: 'postgres', url: await freshDatabase(tier.address) })
    return { database, close: () => database.close() }
  })

  test('migrates once when several processes start together', async () => {
    const url = await freshDatabase(tier.address)
    const all = Array.from({ length: 3 }, () => openDatabase({ kind: 'postgres', url }))
    const sets = [migrationsOf('eventlog')]
    const counts = await Promise.all(all.map((one) => migrate(one, sets)))
    expect(counts.filter((count) => count > 0)).toHaveLength(1)
    expect(await migrate(all[0] ?? never(), sets)).toBe(0)
    await Promise.all(all.map((one) => one.close()))
  })

  test('frees the lock of a process whose connection is gone', async () => {
    const url = await freshDatabase(tier.address)
    const [first, second] = [
      openDatabase({ kind: 'postgres', url }),
      openDatabase({ kind: 'postgres', url }),
    ]
    const held = await first.tryLock('contract')
    expect(await second.tryLock('contract')).toBeUndefined()
    await held?.release()
    await expect.poll(async () => (await second.tryLock('contract'))?.held).toBe(true)
    await Promise.all([first.close(), second.close()])
  })

  describe('when the server drops connections', () => {
    const POOL = 2

    test('work in progress fails as unreachable, and more of it than the pool is large takes no place in it', async () => {
      const url = await freshDatabase(tier.address)
      const database = openDatabase({ kind: 'postgres', url, poolSize: POOL })
      for (let i = 0; i < 2 * POOL; i += 1) {
        const dropped = database.run((tx) => execute(tx, DROP_OWN))
        await expect(dropped).rejects.toSatisfy(isUnreachable)
      }
      await Promise.all(Array.from({ length: 2 * POOL }, () => works(database)))
      await database.close()
    })

    test('so does work that stands between two queries', async () => {
      const url = await freshDatabase(tier.address)
      const database = openDatabase({ kind: 'postgres', url, poolSize: POOL })
      const other = new Client({ connectionString: url })
      await other.connect()
      for (let i = 0; i < 2 * POOL; i += 1) {
        const dropped = database.run(async (tx) => {
          await execute(tx, 'select 1')
          await other.query(DROP_OTHERS)
          await gone(other)
          await execute(tx, 'select 1')
        })
        await expect(dropped).rejects.toSatisfy(isUnreachable)
      }
      await works(database)
      await other.end()
      await database.close()
    })

    test('another fault of the database is none of that', async () => {
      const url = await freshDatabase(tier.address)
      const database = openDatabase({ kind: 'postgres', url, poolSize: POOL })
      const failed = database.run((tx) => execute(tx, 'select * from nowhere'))
      await expect(failed).rejects.not.toSatisfy(isUnreachable)
      await database.close()
    })
  })
})

const DROP_OWN = 'select pg_terminate_backend(pg_backend_pid())'
const OTHERS =
  'from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
const DROP_OTHERS = `select pg_terminate_backend(pid) ${OTHERS}`

async function gone(other: Client): Promise<void> {
  await expect.poll(async () => (await other.query(`select pid ${OTHERS}`)).rowCount).toBe(0)
}

function execute(tx: Tx, statement: string): Promise<unknown> {
  // Raw statements are the one thing whose method is named differently in the two builders.
  return (tx as unknown as { execute(s: unknown): Promise<unknown> }).execute(sql.raw(statement))
}

function works(database: Database): Promise<unknown> {
  return database.run((tx) => execute(tx, 'select 1'))
}

function never(): never {
  throw new TypeError('there are three')
}
