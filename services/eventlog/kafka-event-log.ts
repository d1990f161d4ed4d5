import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { utf8 } from '../kernel/bytes.ts'
import type { Log } from '../kernel/log.ts'
import { checkSize } from './check-size.ts'
import {
  OffsetOutOfRange,
  TopicMismatch,
  type EventLog,
  type LogRecord,
  type StoredRecord,
  type SubscribeOptions,
  type Subscription,
  type TopicSettings,
  type Watermarks,
} from './event-log.ts'
import {
  createKafkaClient,
  protocolErrorCode,
  type KafkaClient,
  type KafkaConnection,
} from './kafka-client-transport.ts'
import type { KafkaTiming } from './kafka-group-member.ts'
import { SerialProducer } from './kafka-producer.ts'
import { DEFAULT_TIMING, KafkaSubscription, toRecord } from './kafka-subscription.ts'
import { partitionOf } from './partition.ts'
import { WakeUp } from './wake-up.ts'

const ATTEMPTS = 6

export interface KafkaEventLogOptions {
  readonly connection: KafkaConnection
  readonly log: Log
  /** Stands before the names of topics and groups on a broker that others use too. */
  readonly prefix?: string
  readonly timing?: KafkaTiming
}

/** The event log on Apache Kafka. No Kafka transactions: effects and positions are committed in the consumer's database. */
export class KafkaEventLog implements EventLog {
  readonly #client: () => KafkaClient
  readonly #own: KafkaClient
  readonly #log: Log
  readonly #prefix: string
  readonly #timing: KafkaTiming
  readonly #producer: SerialProducer
  readonly #subscriptions = new Set<KafkaSubscription>()
  readonly #partitions = new Map<string, number>()
  #admin: Promise<Admin> | undefined

  constructor({ connection, log, prefix = '', timing = DEFAULT_TIMING }: KafkaEventLogOptions) {
    this.#client = () => createKafkaClient(connection, log)
    this.#own = this.#client()
    this.#log = log
    this.#prefix = prefix
    this.#timing = timing
    this.#producer = new SerialProducer(this.#own.kafka, protocolErrorCode)
  }

  async ensureTopic(topic: TopicSettings): Promise<void> {
    const name = this.#prefix + topic.name
    await this.#withAdmin(async (admin) => {
      const { brokers } = await admin.describeCluster()
      const replicationFactor = Math.min(3, brokers.length)
      await admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic: name,
            numPartitions: topic.partitions,
            replicationFactor,
            configEntries: [
              { name: 'cleanup.policy', value: topic.cleanup },
              { name: 'retention.ms', value: String(topic.retentionMilliseconds ?? -1) },
              { name: 'retention.bytes', value: '-1' },
              { name: 'min.insync.replicas', value: replicationFactor === 3 ? '2' : '1' },
            ],
          },
        ],
      })
    })
    const count = (await this.watermarks(topic.name)).length
    if (count !== topic.partitions) {
      throw new TopicMismatch(`topic \`${topic.name}\` has ${count} partitions`)
    }
    this.#partitions.set(topic.name, count)
  }

  async append(topic: string, records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return
    for (const record of records) checkSize(record)
    const partitions = this.#partitions.get(topic) ?? (await this.watermarks(topic)).length
    this.#partitions.set(topic, partitions)
    await this.#producer.send(
      this.#prefix + topic,
      records.map((one) => ({ ...one, partition: partitionOf(utf8(one.key), partitions) })),
    )
  }

  subscribe(options: SubscribeOptions): Subscription {
    const subscription = new KafkaSubscription(
      {
        client: this.#client,
        log: this.#log,
        timing: this.#timing,
        prefix: this.#prefix,
        watermarks: (topic) => this.watermarks(topic),
      },
      options,
    )
    this.#subscriptions.add(subscription)
    void subscription.finished
      .catch(() => undefined)
      .then(() => this.#subscriptions.delete(subscription))
    return subscription
  }

  async *read({
    topic,
    partition,
    from,
    to = Number.MAX_SAFE_INTEGER,
  }: Parameters<EventLog['read']>[0]): AsyncGenerator<StoredRecord> {
    const mark = (await this.watermarks(topic)).find((one) => one.partition === partition)
    const start = from === 'earliest' ? mark?.low : from
    if (mark === undefined || start === undefined || start < mark.low) {
      throw new OffsetOutOfRange(`offset ${from} of \`${topic}\` ${partition} has been deleted`)
    }
    const end = Math.min(to, mark.high)
    let at = start
    for (let attempt = 1; at < end; attempt += 1) {
      try {
        for await (const record of this.#replay(topic, partition, at, end)) {
          at = record.offset + 1
          yield record
        }
        return
      } catch (error) {
        await passing(error, attempt)
      }
    }
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    const offsets = await this.#withAdmin((admin) => admin.fetchTopicOffsets(this.#prefix + topic))
    return offsets
      .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()))
    await this.#producer.close()
    const admin = this.#admin
    this.#admin = undefined
    await (await admin?.catch(() => undefined))?.disconnect().catch(() => undefined)
    this.#own.hangUp()
  }

  /** The only way to read without moving a group is a group of one's own that commits nothing. */
  async *#replay(
    topic: string,
    partition: number,
    start: number,
    end: number,
  ): AsyncGenerator<StoredRecord> {
    const physical = this.#prefix + topic
    const client = this.#client()
    const consumer = client.kafka.consumer({
      groupId: `${this.#prefix}replay.${randomUUID()}`,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: this.#timing.fetchWaitMilliseconds,
    })
    const stopping = new AbortController()
    const arrived = new WakeUp()
    const taken = new WakeUp()
    let waiting: { records: StoredRecord[]; next: number } | undefined
    let crash: Error | undefined
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      crash = payload.error
      arrived.ring()
    })
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const others = (payload.memberAssignment[physical] ?? []).filter((one) => one !== partition)
      consumer.pause([{ topic: physical, partitions: others }])
      consumer.seek({ topic: physical, partition, offset: String(start) })
    })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [physical], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => {
          const { batch } = payload
          if (batch.partition !== partition || payload.isStale()) return
          const records = batch.messages.map((one) => toRecord(topic, partition, one))
          waiting = { records, next: Number(batch.lastOffset()) + 1 }
          arrived.ring()
          // Back-pressure: nothing is fetched while the reader is busy with this.
          while (waiting !== undefined && !stopping.signal.aborted) {
            await taken.wait(1000, stopping.signal)
          }
          payload.resolveOffset(batch.lastOffset())
        },
      })
      let at = start
      while (at < end) {
        await arrived.wait(1000, stopping.signal)
        if (crash !== undefined) throw crash
        const batch: { records: StoredRecord[]; next: number } | undefined = waiting
        if (batch === undefined) continue
        for (const record of batch.records) {
          if (record.offset >= at && record.offset < end) yield record
        }
        at = Math.max(at, batch.next)
        waiting = undefined
        taken.ring()
      }
    } finally {
      stopping.abort()
      await consumer.disconnect().catch(() => undefined)
      client.hangUp()
    }
  }

  /** Tries again with new metadata what the broker calls passing, such as a leader that is still being chosen. */
  async #withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      this.#admin ??= this.#connectAdmin()
      const connected = this.#admin
      try {
        return await work(await connected)
      } catch (error) {
        if (this.#admin === connected) this.#admin = undefined
        void connected.then((admin) => admin.disconnect()).catch(() => undefined)
        await passing(error, attempt)
      }
    }
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = this.#own.kafka.admin()
    await admin.connect()
    return admin
  }
}

/** Waits a while when the broker calls the fault passing; throws it when it does not, or has done so too often. */
async function passing(error: unknown, attempt: number): Promise<void> {
  const { retriable } = error as { retriable?: boolean }
  if (retriable !== true || attempt >= ATTEMPTS) throw error
  await delay(50 * 2 ** attempt)
}
