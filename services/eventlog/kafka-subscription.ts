import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { isUnreachable } from '../database/errors.ts'
import { BackOff } from '../kernel/back-off.ts'
import type { Log } from '../kernel/log.ts'
import {
  OffsetOutOfRange,
  StalePosition,
  type StoredRecord,
  type SubscribeOptions,
  type Subscription,
  type Watermarks,
} from './event-log.ts'
import type { KafkaClient } from './kafka-client-transport.ts'
import { takePart, type KafkaTiming, type MemberEnd } from './kafka-group-member.ts'
import { WakeUp } from './wake-up.ts'

export const DEFAULT_TIMING: KafkaTiming = {
  sessionMilliseconds: 15_000,
  rebalanceMilliseconds: 30_000,
  heartbeatMilliseconds: 3000,
  fetchWaitMilliseconds: 500,
}

export interface KafkaSubscriptionDependencies {
  /** A client for one life of one member. */
  readonly client: () => KafkaClient
  readonly log: Log
  readonly timing: KafkaTiming
  /** Stands before the names of topics and groups on a broker that others use too. */
  readonly prefix: string
  watermarks(topic: string): Promise<readonly Watermarks[]>
}

const BACK_OFF = { first: 100, last: 10_000 } as const
const PARTITIONS_AT_ONCE = 4
const SEEKS = 3
const UNPLACED_MILLISECONDS = 50

interface Position {
  /** The next offset to handle; pending while the owner of the positions is asked. */
  at: Promise<number>
  /** A batch from the asked position has come, so later jumps are holes in the log. */
  settled: boolean
  seeks: number
}

/**
 * One member of a consumer group. The position comes from `startAt`, never from the broker, whose own offsets are written
 * as a hint for lag tools alone. A consumer that crashed, or that gives no sign of life, is replaced with back-off.
 */
export class KafkaSubscription implements Subscription {
  readonly finished: Promise<void>
  readonly #deps: KafkaSubscriptionDependencies
  readonly #options: SubscribeOptions
  readonly #stopping = new AbortController()
  readonly #positions = new Map<string, Position>()
  /** What ends the subscription other than `stop`. */
  #failure: { readonly error: unknown } | undefined

  constructor(deps: KafkaSubscriptionDependencies, options: SubscribeOptions) {
    this.#deps = deps
    this.#options = options
    this.finished = this.#loop()
    this.finished.catch(() => undefined)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.finished.catch(() => undefined)
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping
    const pause = new WakeUp()
    const backOff = new BackOff(BACK_OFF)
    while (!signal.aborted) {
      const started = performance.now()
      const reason = await this.#runOneConsumer()
      if (reason === 'stopped') return
      if (performance.now() - started > BACK_OFF.last) backOff.reset()
      const milliseconds = backOff.next()
      this.#deps.log.warn('CONSUMER_RECREATED', {
        group: this.#options.group,
        reason,
        milliseconds,
      })
      await pause.wait(milliseconds, signal)
    }
  }

  /** @returns why it ended, to be replaced; throws what ends the subscription */
  async #runOneConsumer(): Promise<MemberEnd> {
    const { client, timing, prefix } = this.#deps
    const { group, topics } = this.#options
    const reason = await takePart(
      client(),
      {
        groupId: prefix + group,
        topics: topics.map((topic) => prefix + topic),
        timing,
        partitionsAtOnce: PARTITIONS_AT_ONCE,
        onAssigned: (consumer, assignment) => this.#assign(consumer, assignment),
        onBatch: (consumer, payload) => this.#eachBatch(consumer, payload),
      },
      this.#stopping.signal,
    )
    this.#positions.clear()
    if (this.#failure !== undefined) throw this.#failure.error
    return reason
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stopping.abort()
  }

  /** Every assigned partition goes to the position that its owner keeps, whatever the broker remembers. */
  #assign(consumer: Consumer, assignment: Record<string, number[]>): void {
    this.#positions.clear()
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) this.#reposition(consumer, topic, partition)
    }
  }

  #reposition(consumer: Consumer, topic: string, partition: number): void {
    const asked = Promise.withResolvers<number>()
    const position: Position = { at: asked.promise, settled: false, seeks: 0 }
    this.#positions.set(nameOf(topic, partition), position)
    asked.promise.catch((error: unknown) => {
      if (!(error instanceof StalePosition)) this.#fail(error)
    })
    this.#ask(consumer, topic, partition, position).then(asked.resolve, asked.reject)
  }

  /**
   * Asks until there is an answer: the database that keeps the position, or the broker, may be away for a while.
   * Any other fault is one of ours or of the log itself, which asking again would only hide.
   */
  async #ask(
    consumer: Consumer,
    topic: string,
    partition: number,
    position: Position,
  ): Promise<number> {
    const { signal } = this.#stopping
    const pause = new WakeUp()
    const backOff = new BackOff(BACK_OFF)
    while (!signal.aborted && this.#positions.get(nameOf(topic, partition)) === position) {
      try {
        const offset = await this.#startAt(topic, partition)
        consumer.seek({ topic, partition, offset: String(offset) })
        return offset
      } catch (error) {
        if (!isPassing(error)) throw error
        const milliseconds = backOff.next()
        this.#deps.log.warn(
          'CONSUMER_RECREATED',
          {
            group: this.#options.group,
            topic: topic.slice(this.#deps.prefix.length),
            partition,
            milliseconds,
          },
          error,
        )
        await pause.wait(milliseconds, signal)
      }
    }
    throw new StalePosition('the partition is no longer assigned')
  }

  /** @throws OffsetOutOfRange where the library would quietly jump to the earliest or latest record */
  async #startAt(physical: string, partition: number): Promise<number> {
    const topic = physical.slice(this.#deps.prefix.length)
    const start = await this.#options.startAt(topic, partition)
    const marks = await this.#deps.watermarks(topic)
    const mark = marks.find((one) => one.partition === partition)
    if (mark === undefined) throw new StalePosition(`no partition ${partition} of \`${topic}\``)
    if (start === 'earliest') return mark.low
    if (start < mark.low || start > mark.high) {
      throw new OffsetOutOfRange(
        `offset ${start} of \`${topic}\` ${partition} is not in ${mark.low}–${mark.high}`,
      )
    }
    return start
  }

  /** Never throws: the library would restart by rules of its own. */
  async #eachBatch(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch
    const position = this.#positions.get(nameOf(topic, partition))
    if (position === undefined) {
      // Handed out before its position is known, or by a consumer that is being discarded: it comes again, but not at full speed.
      await new WakeUp().wait(UNPLACED_MILLISECONDS, new AbortController().signal)
      return
    }
    try {
      const at = await position.at
      if (!(await this.#isFrom(consumer, payload, position, at))) return
      await this.#handle(consumer, payload, position, at)
    } catch (error) {
      if (error instanceof StalePosition || isUnreachable(error)) {
        const isCurrent = this.#positions.get(nameOf(topic, partition)) === position
        if (isCurrent && !this.#stopping.signal.aborted) {
          this.#reposition(consumer, topic, partition)
        }
        return
      }
      if (isTransportFault(error)) return // a rebalance came in between; the position has not moved
      this.#fail(error)
    }
  }

  /** Whether a batch begins where this consumer stands; a batch from elsewhere is dropped and fetched again. */
  async #isFrom(
    consumer: Consumer,
    payload: EachBatchPayload,
    position: Position,
    at: number,
  ): Promise<boolean> {
    const { batch } = payload
    if (payload.isStale() || !payload.isRunning() || this.#stopping.signal.aborted) return false
    // `fetchedOffset` is where the fetch began; the library's types leave it out.
    const from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset)
    if (from === at) {
      position.settled = true
      return true
    }
    const { topic, partition } = batch
    if (!position.settled && position.seeks < SEEKS) {
      position.seeks += 1
      consumer.seek({ topic, partition, offset: String(at) })
      return false
    }
    // A hole made by compaction, or records that retention has deleted meanwhile.
    await this.#assertNotDeleted(topic, partition, at)
    return from > at
  }

  async #assertNotDeleted(physical: string, partition: number, at: number): Promise<void> {
    const topic = physical.slice(this.#deps.prefix.length)
    const marks = await this.#deps.watermarks(topic)
    const low = marks.find((one) => one.partition === partition)?.low ?? 0
    if (low > at) {
      throw new OffsetOutOfRange(`offset ${at} of \`${topic}\` ${partition} has been deleted`)
    }
  }

  async #handle(
    consumer: Consumer,
    payload: EachBatchPayload,
    position: Position,
    start: number,
  ): Promise<void> {
    const { batch } = payload
    const { partition } = batch
    const topic = batch.topic.slice(this.#deps.prefix.length)
    let from = start
    for (let i = 0; i < batch.messages.length; i += this.#options.maxBatch) {
      const part = batch.messages.slice(i, i + this.#options.maxBatch)
      const isLast = i + part.length >= batch.messages.length
      const last = Number(isLast ? batch.lastOffset() : part.at(-1)?.offset)
      const records = part.map((message) => toRecord(topic, partition, message))
      const next = last + 1
      await this.#withDeadline(payload, (signal) =>
        this.#options.onBatch({ topic, partition, from, records, next }, signal),
      )
      position.at = Promise.resolve(next)
      from = next
      payload.resolveOffset(part.at(-1)?.offset ?? String(last))
      await payload.heartbeat()
      await consumer.commitOffsets([{ topic: batch.topic, partition, offset: String(next) }])
      if (this.#stopping.signal.aborted) return
    }
  }

  /** Beats while the handler works, but not for ever: past half a session the group may give the partition away. */
  async #withDeadline(
    payload: EachBatchPayload,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { sessionMilliseconds, heartbeatMilliseconds } = this.#deps.timing
    const deadline = AbortSignal.timeout(sessionMilliseconds / 2)
    const beat = setInterval(() => {
      if (!deadline.aborted) payload.heartbeat().catch(() => undefined)
    }, heartbeatMilliseconds)
    try {
      await work(AbortSignal.any([this.#stopping.signal, deadline]))
    } finally {
      clearInterval(beat)
    }
  }
}

/** A message as a record; bytes that are not text become text that fails every later check. */
export function toRecord(topic: string, partition: number, message: KafkaMessage): StoredRecord {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const one = Array.isArray(value) ? value.at(-1) : value
    if (one !== undefined) headers[name] = one.toString()
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? '',
    value: message.value,
    headers,
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** Whether asking again may help: a connection is broken, or the partition is not known yet. */
function isPassing(error: unknown): boolean {
  return error instanceof StalePosition || isUnreachable(error) || isTransportFault(error)
}

function isTransportFault(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS')
}
