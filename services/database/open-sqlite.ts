import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { asCurrentWork, assertOutside, callAfterCommit } from './current-work.ts'
import type { Database, DatabaseLock } from './database.ts'
import type { Tx } from './unit-of-work.ts'

interface Job {
  readonly work: (tx: Tx) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Reader {
  readonly connection: Sqlite.Database
  readonly tx: Tx
}

const PRAGMAS = [
  'journal_mode = WAL',
  // FULL, not NORMAL: in WAL mode NORMAL loses the last commits when the power goes.
  'synchronous = FULL',
  'foreign_keys = ON',
  'busy_timeout = 5000',
  'trusted_schema = OFF',
  'secure_delete = ON', // erased keys must not stay in free pages
  'wal_autocheckpoint = 1000',
]
const IDLE_READERS = 8

/**
 * SQLite in one file: one writer behind a first-in-first-out queue, up to `groupSize` units of work per durable
 * commit, each in a savepoint of its own; reads run on further read-only connections.
 */
export function openSqlite(options: {
  readonly file: string
  readonly groupSize?: number
  /** Called after each durable commit and before anybody learns of it; the crash test stops the process there. */
  readonly onCommitted?: () => void
}): Database {
  return new SqliteDatabase(options.file, options.groupSize ?? 64, options.onCommitted)
}

class SqliteDatabase implements Database {
  readonly dialect = 'sqlite'
  readonly #file: string
  readonly #groupSize: number
  readonly #writer: Sqlite.Database
  readonly #tx: Tx
  readonly #mark = Symbol('sqlite')
  readonly #queue: Job[] = []
  readonly #idle: Reader[] = []
  #pumping: Promise<void> | undefined
  #reading = 0
  #closed = false
  readonly #locks = new Set<string>()
  readonly #onCommitted: (() => void) | undefined

  constructor(file: string, groupSize: number, onCommitted: (() => void) | undefined) {
    this.#file = file
    this.#groupSize = groupSize
    this.#onCommitted = onCommitted
    this.#writer = new Sqlite(file)
    for (const pragma of PRAGMAS) this.#writer.pragma(pragma)
    this.#tx = asTx(this.#writer)
  }

  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    assertOutside(this.#mark)
    if (this.#closed) throw new TypeError('the database is closed')
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject })
      // Later in this turn, so that what is queued now shares one commit.
      this.#pumping ??= Promise.resolve().then(() => this.#pump())
    })
  }

  /** One process owns the file (the writer's lock sees to it), so the queue is exclusion enough. */
  exclusive<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.run(work)
  }

  /** One process owns the file, so a lock is a name in memory. */
  async tryLock(name: string): Promise<DatabaseLock | undefined> {
    if (this.#locks.has(name)) return undefined
    this.#locks.add(name)
    let held = true
    return {
      get held() {
        return held
      },
      release: async () => {
        // A second release must not free the lock of the next holder.
        if (held) this.#locks.delete(name)
        held = false
      },
    }
  }

  async read<T>(query: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) throw new TypeError('the database is closed')
    const reader = this.#idle.pop() ?? this.#openReader()
    this.#reading += 1
    try {
      reader.connection.exec('BEGIN')
      return await query(reader.tx)
    } finally {
      this.#reading -= 1
      this.#release(reader)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#pumping
    for (const reader of this.#idle.splice(0)) reader.connection.close()
    this.#writer.close()
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#commitGroup(this.#queue.splice(0, this.#groupSize))
    } finally {
      this.#pumping = undefined
    }
  }

  async #commitGroup(group: readonly Job[]): Promise<void> {
    const writer = this.#writer
    const settle: (() => void)[] = []
    try {
      writer.exec('BEGIN IMMEDIATE')
      for (const job of group) {
        writer.exec('SAVEPOINT job')
        try {
          const done = await asCurrentWork(this.#mark, () => job.work(this.#tx))
          settle.push(() => job.resolve(done.value), ...done.afterCommit)
        } catch (error) {
          // A full disk or a failed write ends the whole transaction, not the savepoint alone.
          if (!writer.inTransaction) throw error
          writer.exec('ROLLBACK TO job')
          settle.push(() => job.reject(error))
        }
        writer.exec('RELEASE job')
      }
      writer.exec('COMMIT')
    } catch (error) {
      if (writer.inTransaction) writer.exec('ROLLBACK')
      for (const job of group) job.reject(error)
      return
    }
    this.#onCommitted?.()
    // INVARIANT: nobody learns of a success before the group is durable.
    callAfterCommit(settle)
  }

  #openReader(): Reader {
    const connection = new Sqlite(this.#file, { readonly: true })
    connection.pragma('query_only = ON')
    connection.pragma('busy_timeout = 5000')
    return { connection, tx: asTx(connection) }
  }

  #release(reader: Reader): void {
    reader.connection.exec('COMMIT')
    if (this.#closed || this.#idle.length >= IDLE_READERS) reader.connection.close()
    else this.#idle.push(reader)
  }
}

/** drizzle's synchronous builders are awaitable too, so the shared asynchronous type describes what both can do. */
function asTx(connection: Sqlite.Database): Tx {
  return drizzle(connection) as unknown as Tx
}
