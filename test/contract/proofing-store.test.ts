import { describe, expect, test } from 'vitest'
import type { Database } from '../../services/database/database.ts'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { ProofingStore } from '../../services/proofing/store.ts'
import { freshDatabase, realServer } from '../support/servers.ts'

interface Opened {
  readonly database: Database
  readonly close: () => Promise<void>
}

const month = '2026-06'

/** What has to hold when several processes write the same row. */
function contract(name: string, open: () => Promise<Opened>): void {
  describe(`counts and numbers of proofing on ${name}`, () => {
    test('the number of a list never falls, whoever writes last', async () => {
      const { database, close } = await open()
      const store = new ProofingStore(database)
      const remember = (number: bigint) =>
        database.run((tx) => store.rememberCrlNumber(tx, 'p', number))
      await Promise.all([9n, 100n, 12n, 99n, 5n].map(remember))
      await remember(98n)
      expect(await database.read((tx) => store.crlNumber(tx, 'p'))).toBe(100n)
      await remember(101n)
      expect(await database.read((tx) => store.crlNumber(tx, 'p'))).toBe(101n)
      await close()
    })

    test('no check is lost when many are counted at once', async () => {
      const { database, close } = await open()
      const store = new ProofingStore(database)
      const bank = { month, use: 'transaction', kind: 'signature', rpId: 'bank' } as const
      const own = { month, use: 'recheck', kind: 'authentication', rpId: '' } as const
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          database.run((tx) => store.addChecks(tx, { ...(i % 2 === 0 ? bank : own), count: i })),
        ),
      )
      await database.run((tx) => store.addChecks(tx, { ...own, month: '2026-07', count: 1 }))
      expect(await database.read((tx) => store.checksIn(tx, month))).toEqual([
        { ...own, count: 100 },
        { ...bank, count: 90 },
      ])
      await close()
    })
  })
}

contract('SQLite', async () => {
  const temporary = await openTemporaryDatabase('proofing')
  return { database: temporary.database, close: () => temporary[Symbol.asyncDispose]() }
})

const tier = await realServer('postgres')
if (tier.available) {
  contract('PostgreSQL', async () => {
    const database = openDatabase({ kind: 'postgres', url: await freshDatabase(tier.address) })
    await migrate(database, [migrationsOf('proofing')])
    return { database, close: () => database.close() }
  })
}
