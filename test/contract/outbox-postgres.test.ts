import { describe, expect, test } from 'vitest'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import type { Tx } from '../../services/database/unit-of-work.ts'
import { OutboxStore } from '../../services/eventlog/outbox-store.ts'
import { freshDatabase, realServer } from '../support/servers.ts'

const tier = await realServer('postgres')

describe.skipIf(!tier.available)('the outbox on PostgreSQL', () => {
  test('shows no event while an older transaction may still put one before it', async () => {
    if (!tier.available) return
    const database = openDatabase({ kind: 'postgres', url: await freshDatabase(tier.address) })
    await migrate(database, [migrationsOf('eventlog')])
    const outbox = new OutboxStore(database)
    const add = (tx: Tx, key: string): Promise<void> =>
      outbox.add(tx, { id: key, topic: 't', key, headers: {}, value: null })
    const pending = async (): Promise<string[]> =>
      (await database.read((tx) => outbox.pending(tx, 10))).map((row) => row.key)

    const inserted = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const slow = database.run(async (tx) => {
      await add(tx, 'slow')
      inserted.resolve()
      await goOn.promise
    })
    await inserted.promise
    await database.run((tx) => add(tx, 'quick'))
    expect(await pending()).toEqual([])
    goOn.resolve()
    await slow
    expect(await pending()).toEqual(['slow', 'quick'])
    await database.close()
  })
})
