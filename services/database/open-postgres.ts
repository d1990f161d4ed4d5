import { sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgTransactionConfig } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import { isTransient } from './errors.ts'
import { asCurrentWork, assertOutside, callAfterCommit } from './current-work.ts'
import type { Database, DatabaseLock } from './database.ts'
import type { Tx } from './unit-of-work.ts'

const ATTEMPTS = 12
/** Key of the advisory lock behind `exclusive`; any fixed number that nothing else here uses. */
const EXCLUSIVE_LOCK = 7_737_415

/**
 * PostgreSQL over a pool. Units of work run under REPEATABLE READ and are run again when another transaction stood
 * in their way, so `work` may run several times: keep its effects inside the database.
 */
export function openPostgres(options: {
  readonly url: string
  readonly poolSize?: number
}): Database {
  return new PostgresDatabase(options.url, options.poolSize ?? 10)
}

class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly #url: string
  readonly #pool: pg.Pool
  readonly #mark = Symbol('postgres')

  constructor(url: string, poolSize: number) {
    this.#url = url
    this.#pool = new pg.Pool({ connectionString: url, max: poolSize })
    // An idle connection that the server drops is replaced by the pool; the next query tells if there is none.
    this.#pool.on('error', () => undefined)
  }

  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    assertOutside(this.#mark)
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transaction({ isolationLevel: 'repeatable read' }, work)
      } catch (error) {
        if (attempt >= ATTEMPTS || !isTransient(error)) throw error
        await delay(Math.random() * Math.min(200, 2 ** attempt))
      }
    }
  }

  async exclusive<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    assertOutside(this.#mark)
    // READ COMMITTED: what the previous holder of the lock wrote must be seen, and the lock comes after BEGIN.
    return this.#transaction({ isolationLevel: 'read committed' }, async (tx) => {
      await execute(tx, sql`select pg_advisory_xact_lock(${EXCLUSIVE_LOCK})`)
      return work(tx)
    })
  }

  async read<T>(query: (tx: Tx) => Promise<T>): Promise<T> {
    const config = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const
    return this.#connected((database) => database.transaction((tx) => query(asTx(tx)), config))
  }

  async tryLock(name: string): Promise<DatabaseLock | undefined> {
    const client = new pg.Client({ connectionString: this.#url })
    const lock = new SessionLock(client)
    client.on('error', () => {
      lock.held = false
    })
    await client.connect()
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
      [name],
    )
    if (rows[0]?.taken === true) return lock
    await lock.release()
    return undefined
  }

  close(): Promise<void> {
    return this.#pool.ended || this.#pool.ending ? Promise.resolve() : this.#pool.end()
  }

  async #transaction<T>(config: PgTransactionConfig, work: (tx: Tx) => Promise<T>): Promise<T> {
    const done = await this.#connected((database) =>
      database.transaction((tx) => asCurrentWork(this.#mark, () => work(asTx(tx))), config),
    )
    callAfterCommit(done.afterCommit)
    return done.value
  }

  /**
   * Over a pool drizzle keeps a connection that breaks at BEGIN for ever, and an error that reaches a connection in use
   * between two queries has no listener, which ends the process. So the connection is taken and given back here.
   */
  async #connected<T>(work: (database: NodePgDatabase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken = false
    const onError = (): void => {
      broken = true
    }
    client.on('error', onError)
    try {
      return await work(drizzle(client))
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }
}

/** A session lock on a connection of its own: PostgreSQL frees it when the process or the connection dies. */
class SessionLock implements DatabaseLock {
  readonly #client: pg.Client
  held = true

  constructor(client: pg.Client) {
    this.#client = client
    client.on('end', () => {
      this.held = false
    })
  }

  async release(): Promise<void> {
    this.held = false
    await this.#client.end()
  }
}

function asTx(transaction: unknown): Tx {
  return transaction as Tx
}

function execute(tx: Tx, statement: ReturnType<typeof sql>): Promise<unknown> {
  return (tx as unknown as NodePgDatabase).execute(statement)
}
