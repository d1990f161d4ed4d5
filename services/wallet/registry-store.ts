import { eq, lt } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Registration } from './registration.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

/** Projection of the registry of relying parties. */
export class RegistryStore {
  readonly #rp: typeof sqlite.relyingParty

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#rp = tablesFor(database.dialect, sqlite, postgres).relyingParty
  }

  /** Takes a registration unless a newer one is known. */
  async put(tx: Tx, registration: Registration, version: number): Promise<void> {
    await tx
      .insert(this.#rp)
      .values({ rpId: registration.rpId, version, registration })
      .onConflictDoUpdate({
        target: this.#rp.rpId,
        set: { version, registration },
        setWhere: lt(this.#rp.version, version),
      })
  }

  async find(tx: Tx, rpId: string): Promise<Registration | undefined> {
    const [row] = await tx.select().from(this.#rp).where(eq(this.#rp.rpId, rpId))
    return row?.registration
  }
}
