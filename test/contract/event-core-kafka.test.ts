import { Client } from 'pg'
import { describe } from 'vitest'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { KafkaEventLog } from '../../services/eventlog/kafka-event-log.ts'
import { createLog } from '../../services/kernel/log.ts'
import { freshDatabase, freshPrefix, realServer } from '../support/servers.ts'
import { DDL, eventCoreContract } from './event-core.ts'

const kafka = await realServer('kafka')
const postgres = await realServer('postgres')

describe.skipIf(!kafka.available || !postgres.available)('on real servers', () => {
  if (!kafka.available || !postgres.available) return
  eventCoreContract(`Kafka (${kafka.from}) and PostgreSQL (${postgres.from})`, async () => {
    const url = await freshDatabase(postgres.address)
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(DDL.postgres)
    await client.end()
    const database = openDatabase({ kind: 'postgres', url })
    await migrate(database, [migrationsOf('eventlog')])
    return {
      database,
      eventLog: new KafkaEventLog({
        connection: { brokers: kafka.address.split(','), clientId: 'contract' },
        log: createLog('silent'),
        prefix: freshPrefix(),
        timing: {
          sessionMilliseconds: 10_000,
          rebalanceMilliseconds: 10_000,
          heartbeatMilliseconds: 300,
          fetchWaitMilliseconds: 100,
        },
      }),
      close: () => database.close(),
    }
  })
})
