import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { ServiceName } from '../kernel/event.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

const shared = { producerKey: sqlite.producerKey }

/** The keys with which the events of this installation are signed. */
export class ProducerKeyStore {
  readonly #tables: typeof shared

  constructor({ dialect }: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(dialect, shared, { producerKey: postgres.producerKey })
  }

  /**
   * Takes down the keys of producers that have none yet, and gives the producers whose key is another one. Of several processes
   * that start for the first time together, one decides.
   */
  async admit(tx: Tx, keyIds: ReadonlyMap<ServiceName, string>): Promise<readonly ServiceName[]> {
    const { producerKey } = this.#tables
    const rows = [...keyIds].map(([source, keyId]) => ({ source, keyId }))
    await tx.insert(producerKey).values(rows).onConflictDoNothing()
    const known = await tx.select().from(producerKey)
    return [...keyIds.keys()].filter((service) =>
      known.every(({ source, keyId }) => source !== service || keyId !== keyIds.get(service)),
    )
  }
}
