import type { Tx } from '../database/unit-of-work.ts'
import type { OutgoingEvent } from '../kernel/event.ts'

/** Writes signed events into the outbox of one service. */
export interface Publisher {
  /**
   * Appends to the outbox inside the caller's unit of work: id (UUIDv7), per-key version and signature are made
   * here, and the relay publishes after the commit. Resolves to the event id.
   */
  publish(tx: Tx, event: OutgoingEvent): Promise<string>
}
