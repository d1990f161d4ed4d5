import { describe, expect, test } from 'vitest'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { ProducerKeyStore } from '../../services/eventlog/producer-key-store.ts'
import { freshDatabase, realServer } from '../support/servers.ts'

const tier = await realServer('postgres')

describe.skipIf(!tier.available)('keys of producers on PostgreSQL', () => {
  test('are those of one process when several start for the first time together', async () => {
    if (!tier.available) return
    const url = await freshDatabase(tier.address)
    const processes = ['a', 'b', 'c'].map((keyId) => ({
      keyIds: new Map([['proofing' as const, keyId]]),
      database: openDatabase({ kind: 'postgres', url }),
    }))
    const [first] = processes
    if (first === undefined) throw new Error('three processes')
    await migrate(first.database, [migrationsOf('eventlog')])
    const start = () =>
      Promise.all(
        processes.map(({ database, keyIds }) =>
          database.run((tx) => new ProducerKeyStore(database).admit(tx, keyIds)),
        ),
      )

    const refused = await start()
    expect(refused.flat()).toEqual(['proofing', 'proofing'])
    expect(await start()).toEqual(refused)
    for (const { database } of processes) await database.close()
  })
})
