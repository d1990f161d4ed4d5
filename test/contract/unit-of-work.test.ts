import { describe, expect, test } from 'vitest'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
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
    expect(counts.toSorted()).toEqual([0, 0, 1])
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
})

function never(): never {
  throw new TypeError('there are three')
}
