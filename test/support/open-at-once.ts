import type { Tx, UnitOfWork } from '../../services/database/unit-of-work.ts'

/**
 * One database as two processes have it whose next transactions, after `begin`, are open at once: the second one has its view of
 * the database, without what the first one wrote, before the first is committed.
 *
 * @param look reads anything
 */
export function openAtOnce(database: UnitOfWork, look: (tx: Tx) => Promise<unknown>) {
  const [firstWrote, secondLooked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let begun = false
  const through = (run: UnitOfWork['run']): UnitOfWork => ({
    dialect: database.dialect,
    read: (query) => database.read(query),
    run: (work) => (begun ? run(work) : database.run(work)),
    close: () => database.close(),
  })
  return {
    first: through((work) =>
      database.run(async (tx) => {
        const result = await work(tx)
        firstWrote.resolve()
        await secondLooked.promise
        return result
      }),
    ),
    second: through(async (work) => {
      await firstWrote.promise
      return database.run(async (tx) => {
        await look(tx)
        secondLooked.resolve()
        return work(tx)
      })
    }),
    begin: () => void (begun = true),
  }
}
