import { sql } from 'drizzle-orm'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { SqliteEventLog } from '../../services/eventlog/sqlite-event-log.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { DDL, eventCoreContract } from './event-core.ts'

eventCoreContract('SQLite', async () => {
  const temporary = await openTemporaryDatabase('eventlog')
  const { database } = temporary
  await database.run(async (tx) => tx.run(sql.raw(DDL.sqlite)))
  let appended = 0
  return {
    database,
    eventLog: new SqliteEventLog({
      database,
      clock: systemClock,
      gap: () => ((appended += 1) % 5 === 0 ? 2 : 0),
    }),
    close: () => temporary[Symbol.asyncDispose](),
  }
})
