import { ServiceError } from '../kernel/errors.ts'

/** One event as the relay appends it. */
export interface LogRecord {
  /** UUIDv7 of the event; a retry with the same id is the same event. */
  readonly id: string
  readonly key: string
  /** `null` is a tombstone on a compacted topic. */
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** One event as it stands in the log. */
export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  /** Strictly increasing in a partition; numbers may be missing. */
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface TopicSettings {
  readonly name: string
  /** Fixed for life: another number would send a key to another partition and break its order. */
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact'
  /** Absent: kept for ever. */
  readonly retentionMilliseconds?: number
}

export interface Batch {
  readonly topic: string
  readonly partition: number
  /** Where reading began: every record at or after it and before `next` is in `records`, or is not in the log. */
  readonly from: number
  readonly records: readonly StoredRecord[]
  /** Where reading goes on. */
  readonly next: number
}

export interface SubscribeOptions {
  /** One member of a group has a partition at a time. */
  readonly group: string
  readonly topics: readonly string[]
  readonly maxBatch: number
  /** Asked whenever this member gets a partition, and after a `StalePosition`. */
  startAt(topic: string, partition: number): Promise<number | 'earliest'>
  /**
   * Handles a batch; the next one of the same partition comes after it has resolved. `StalePosition` makes the log ask
   * `startAt` again; any other error ends the subscription. `signal` fires when the result is no longer wanted.
   */
  onBatch(batch: Batch, signal: AbortSignal): Promise<void>
}

export interface Subscription {
  /** Resolves after `stop`; rejects with the error that ended the subscription. */
  readonly finished: Promise<void>
  stop(): Promise<void>
}

/** `low`: the first offset that is still there; `high`: the one that the next record gets. */
export interface Watermarks {
  readonly partition: number
  readonly low: number
  readonly high: number
}

/**
 * The log of events. Per key the order of one producer's appends is kept; delivery is at least once, so a suffix is
 * delivered again after a restart. Only the outbox relay appends.
 */
export interface EventLog {
  /** Makes the topic, or does nothing when it is there. @throws TopicMismatch when it has another number of partitions */
  ensureTopic(topic: TopicSettings): Promise<void>

  /**
   * Resolves when the records are durable. A rejection means that the outcome is unknown: append again with the same ids.
   * @throws AppendRefused when the log will never take them
   */
  append(topic: string, records: readonly LogRecord[]): Promise<void>

  subscribe(options: SubscribeOptions): Subscription

  /**
   * Replay without a group, from `from` up to what is there when reading starts, or up to `to` (exclusive).
   * @throws OffsetOutOfRange when `from` has been deleted already
   */
  read(range: {
    readonly topic: string
    readonly partition: number
    readonly from: number | 'earliest'
    readonly to?: number
  }): AsyncIterable<StoredRecord>

  watermarks(topic: string): Promise<readonly Watermarks[]>

  close(): Promise<void>
}

/** The position a consumer reads from is not the stored one; the log must ask for it again. */
export class StalePosition extends ServiceError {
  readonly code = 'STALE_POSITION'
}

/** Reading would silently leave out records that retention has deleted. */
export class OffsetOutOfRange extends ServiceError {
  readonly code = 'OFFSET_OUT_OF_RANGE'
}

/** The log will never take this record: too large, unknown topic, or not allowed. */
export class AppendRefused extends ServiceError {
  readonly code = 'APPEND_REFUSED'
}

/** A topic exists with another number of partitions than configured. */
export class TopicMismatch extends ServiceError {
  readonly code = 'TOPIC_MISMATCH'
}
