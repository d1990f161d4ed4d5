import type { Tx, UnitOfWork } from './unit-of-work.ts'

/** A `UnitOfWork` whose owner may also change its schema. */
export interface Database extends UnitOfWork {
  /** Like `run`, and no other process is inside `exclusive` on this database at the same time. */
  exclusive<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}
