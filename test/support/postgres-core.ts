import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { SqliteEventLog } from '../../services/eventlog/sqlite-event-log.ts'
import {
  assembleEventCore,
  type TemporaryEventCore,
} from '../../services/eventlog/temporary-event-core.ts'
import { FrozenClock } from '../../services/kernel/clock.ts'
import { createLog } from '../../services/kernel/log.ts'
import { freshDatabase } from './servers.ts'

/** The event core with its state in a fresh database on PostgreSQL; the log of events, which has no part in this, in a file. */
export async function openPostgresCore(
  address: string,
  services: readonly string[],
  now: string,
): Promise<TemporaryEventCore> {
  const url = await freshDatabase(address)
  const database = openDatabase({ kind: 'postgres', url })
  await migrate(database, ['eventlog', ...services].map(migrationsOf))
  const temporary = await openTemporaryDatabase('eventlog')
  const clock = new FrozenClock(now)
  const core = await assembleEventCore({
    ...{ database, clock, environment: 'simulator', log: createLog('silent') },
    eventLog: new SqliteEventLog({ database: temporary.database, clock }),
  })
  return {
    ...core,
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
      await database.close()
    },
  }
}
