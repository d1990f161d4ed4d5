import {
  StalePosition,
  type Batch,
  type EventLog,
  type LogRecord,
  type SubscribeOptions,
  type Subscription,
} from '../../services/eventlog/event-log.ts'
import { orderedId, systemRandom } from '../../services/kernel/random.ts'

/**
 * A log that does everything the port allows and no adapter does often: appends that stand twice, appends whose outcome
 * stays unknown, batches that come again, in parts, or whose acknowledgement is lost. `next` gives numbers in [0, 1).
 */
export class ChaosEventLog implements EventLog {
  readonly #inner: EventLog
  readonly #next: () => number

  constructor(inner: EventLog, next: () => number) {
    this.#inner = inner
    this.#next = next
  }

  ensureTopic(topic: Parameters<EventLog['ensureTopic']>[0]): Promise<void> {
    return this.#inner.ensureTopic(topic)
  }

  async append(topic: string, records: readonly LogRecord[]): Promise<void> {
    await this.#inner.append(topic, records)
    if (this.#next() < 0.2) await this.#inner.append(topic, records.map(underAnotherId))
    if (this.#next() < 0.04) throw new Error('the answer was lost after the append')
  }

  subscribe(options: SubscribeOptions): Subscription {
    return this.#inner.subscribe({
      ...options,
      onBatch: async (batch, signal) => {
        for (const part of this.#cut(batch)) {
          await options.onBatch(part, signal)
          if (this.#next() < 0.3) await options.onBatch(part, signal)
        }
        if (this.#next() < 0.2) throw new StalePosition('the acknowledgement was lost')
      },
    })
  }

  read(range: Parameters<EventLog['read']>[0]): ReturnType<EventLog['read']> {
    return this.#inner.read(range)
  }

  watermarks(topic: string): ReturnType<EventLog['watermarks']> {
    return this.#inner.watermarks(topic)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #cut(batch: Batch): Batch[] {
    const at = Math.floor(this.#next() * batch.records.length)
    const middle = batch.records[at]?.offset
    if (middle === undefined || at === 0) return [batch]
    return [
      { ...batch, records: batch.records.slice(0, at), next: middle },
      { ...batch, records: batch.records.slice(at), from: middle },
    ]
  }
}

/** As a second producer session writes it: the broker cannot know that it is the same. */
function underAnotherId(record: LogRecord): LogRecord {
  return { ...record, id: orderedId(systemRandom, new Date()) }
}

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
