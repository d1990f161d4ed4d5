import { sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Tx, UnitOfWork } from './unit-of-work.ts'

/** Runs `work` so that its throw undoes what it wrote and leaves the rest of the unit of work usable. Does not nest. */
export async function inSavepoint<T>(
  dialect: UnitOfWork['dialect'],
  tx: Tx,
  work: () => Promise<T>,
): Promise<T> {
  const execute = async (statement: string): Promise<void> => {
    // Raw statements are the one thing whose method is named differently in the two builders.
    if (dialect === 'sqlite') await tx.run(sql.raw(statement))
    else await (tx as unknown as NodePgDatabase).execute(sql.raw(statement))
  }
  await execute('SAVEPOINT step')
  try {
    const value = await work()
    await execute('RELEASE SAVEPOINT step')
    return value
  } catch (error) {
    await execute('ROLLBACK TO SAVEPOINT step')
    await execute('RELEASE SAVEPOINT step')
    throw error
  }
}
