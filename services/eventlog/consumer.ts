import type { Tx } from '../database/unit-of-work.ts'
import type { ReceivedEvent, Topic } from '../kernel/event.ts'

/** One projection or process manager of a service. */
export interface ConsumerDefinition {
  /** Stable name, such as `policy.scorer`; offsets and per-key versions are kept under it. */
  readonly name: string
  readonly topics: readonly Topic[]

  /**
   * Applies one event. Runs in the same transaction that stores the consumer's position, so its effect happens
   * exactly once. A `ServiceError` parks the event's key; any other error is a fault of our own and ends the process.
   */
  apply(tx: Tx, event: ReceivedEvent): Promise<void>
}
