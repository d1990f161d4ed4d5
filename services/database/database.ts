import type { Tx, UnitOfWork } from './unit-of-work.ts'

/** The whole of a database, for who starts the process and for the event core; a store takes a `UnitOfWork`. */
export interface Database extends UnitOfWork {
  /** Like `run`, and no other process is inside `exclusive` on this database at the same time. */
  exclusive<T>(work: (tx: Tx) => Promise<T>): Promise<T>

  /** Takes a named lock until it is released or this process is gone; `undefined` when another holder has it. */
  tryLock(name: string): Promise<DatabaseLock | undefined>
}

export interface DatabaseLock {
  /** False once the connection that held it broke; the holder must stop what it was holding it for. */
  readonly held: boolean
  release(): Promise<void>
}
