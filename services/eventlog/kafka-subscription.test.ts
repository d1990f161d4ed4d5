import {
  KafkaJSConnectionError,
  type ConsumerConfig,
  type ConsumerRunConfig,
  type EachBatchPayload,
  type Kafka,
} from 'kafkajs'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog, type Log } from '../kernel/log.ts'
import { OffsetOutOfRange, StalePosition, type Batch, type Watermarks } from './event-log.ts'
import type { KafkaTiming } from './kafka-group-member.ts'
import { DEFAULT_TIMING, KafkaSubscription } from './kafka-subscription.ts'

type Listener = (event: { payload: Record<string, unknown> }) => void

/** A consumer of the client library, as far as a subscription uses it. */
class FakeConsumer {
  readonly config: ConsumerConfig
  readonly listeners = new Map<string, Listener[]>()
  readonly seeks: { topic: string; partition: number; offset: string }[] = []
  readonly commits: unknown[] = []
  run_: ConsumerRunConfig | undefined
  disconnected = false
  readonly events = {
    CRASH: 'crash',
    FETCH: 'fetch',
    HEARTBEAT: 'heartbeat',
    END_BATCH_PROCESS: 'end',
    GROUP_JOIN: 'join',
    REBALANCING: 'rebalancing',
  }
  constructor(config: ConsumerConfig) {
    this.config = config
  }
  on(event: string, listener: Listener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener])
  }
  emit(event: string, payload: Record<string, unknown>): void {
    for (const listener of this.listeners.get(event) ?? []) listener({ payload })
  }
  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async run(config: ConsumerRunConfig): Promise<void> {
    this.run_ = config
    this.emit('join', { memberAssignment: { t: [0] } })
  }
  seek(position: { topic: string; partition: number; offset: string }): void {
    this.seeks.push(position)
  }
  async commitOffsets(offsets: unknown[]): Promise<void> {
    this.commits.push(...offsets)
  }
  async disconnect(): Promise<void> {
    this.disconnected = true
  }
  /** Hands a fetched batch to the subscription; `from` is where the fetch began. */
  async deliver(from: number, ...offsets: number[]): Promise<{ resolved: string[] }> {
    const resolved: string[] = []
    const payload = {
      batch: {
        topic: 't',
        partition: 0,
        fetchedOffset: String(from),
        messages: offsets.map((at) => ({
          offset: String(at),
          key: null,
          value: null,
          headers: {},
        })),
        lastOffset: () => String(offsets.at(-1) ?? from),
      },
      resolveOffset: (offset: string) => resolved.push(offset),
      heartbeat: async () => undefined,
      isStale: () => false,
      isRunning: () => true,
    } as unknown as EachBatchPayload
    await this.run_?.eachBatch?.(payload)
    return { resolved }
  }
}

const running: KafkaSubscription[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

function subscribe(
  over: {
    startAt?: number | 'earliest' | (() => Promise<number | 'earliest'>)
    log?: Log
    mark?: Watermarks
    timing?: KafkaTiming
    onBatch?: (batch: Batch, signal: AbortSignal) => Promise<void>
  } = {},
) {
  const consumers: FakeConsumer[] = []
  const batches: Batch[] = []
  const kafka = {
    consumer(config: ConsumerConfig) {
      const consumer = new FakeConsumer(config)
      consumers.push(consumer)
      return consumer
    },
  } as unknown as Kafka
  const subscription = new KafkaSubscription(
    {
      client: () => ({ kafka, hangUp: () => undefined }),
      log: over.log ?? createLog('silent'),
      timing: over.timing ?? DEFAULT_TIMING,
      prefix: '',
      watermarks: async () => [over.mark ?? { partition: 0, low: 0, high: 100 }],
    },
    {
      group: 'g',
      topics: ['t'],
      maxBatch: 2,
      startAt: async () =>
        typeof over.startAt === 'function' ? over.startAt() : (over.startAt ?? 'earliest'),
      onBatch: async (batch, signal) => {
        batches.push(batch)
        await over.onBatch?.(batch, signal)
      },
    },
  )
  running.push(subscription)
  const consumer = async (index = 0): Promise<FakeConsumer> => {
    await expect.poll(() => consumers[index]?.seeks.length ?? 0, { timeout: 5000 }).toBe(1)
    const found = consumers[index]
    if (found === undefined) throw new TypeError('the poll saw it')
    return found
  }
  return { subscription, consumers, batches, consumer }
}

describe('a subscription on Kafka', () => {
  test('commits and resolves by hand, with the timings of its settings', async () => {
    const { consumer } = subscribe()
    const { config, run_ } = await consumer()
    expect(run_).toMatchObject({ autoCommit: false, eachBatchAutoResolve: false })
    expect(config).toMatchObject({
      sessionTimeout: 15_000,
      rebalanceTimeout: 30_000,
      heartbeatInterval: 3000,
      maxWaitTimeInMs: 500,
    })
  })

  test('goes to the stored position when partitions are assigned, and drops a batch from elsewhere', async () => {
    const { consumer, batches } = subscribe({ startAt: 7 })
    const one = await consumer()
    expect(one.seeks).toEqual([{ topic: 't', partition: 0, offset: '7' }])
    expect((await one.deliver(20, 20, 21)).resolved).toEqual([])
    expect(batches).toEqual([])
    expect(one.seeks.at(-1)).toEqual({ topic: 't', partition: 0, offset: '7' })
    await one.deliver(7, 7, 8, 9)
    expect(batches.map((batch) => [batch.from, batch.next])).toEqual([
      [7, 9],
      [9, 10],
    ])
  })

  test('tells the broker its position only after the batch was handled', async () => {
    const gate = Promise.withResolvers<void>()
    const { consumer } = subscribe({ onBatch: () => gate.promise })
    const one = await consumer()
    const delivered = one.deliver(0, 0, 1)
    expect(one.commits).toEqual([])
    gate.resolve()
    expect((await delivered).resolved).toEqual(['1'])
    expect(one.commits).toEqual([{ topic: 't', partition: 0, offset: '2' }])
  })

  test.each([3, 101])('ends when the stored position %i is not in the log any more', async (at) => {
    const { subscription } = subscribe({
      startAt: at,
      mark: { partition: 0, low: 5, high: 100 },
    })
    await expect(subscription.finished).rejects.toThrow(OffsetOutOfRange)
  })

  test.each([
    new TypeError('a fault of ours'),
    Object.assign(new Error('no such table'), { code: '42P01' }),
  ])('ends when asking for the stored position fails with %s', async (fault) => {
    let asked = 0
    const { subscription } = subscribe({
      startAt: async () => {
        asked += 1
        throw fault
      },
    })
    await expect(subscription.finished).rejects.toBe(fault)
    expect(asked).toBe(1)
  })

  test.each([
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    new KafkaJSConnectionError('closed'),
    new StalePosition('no such partition yet'),
  ])('asks again, and says so, when the answer fails to come because of %s', async (fault) => {
    const lines: string[] = []
    let asked = 0
    const { consumer, batches } = subscribe({
      log: createLog('warn', { write: (line) => void lines.push(line) }),
      startAt: async () => {
        asked += 1
        if (asked === 1) throw fault
        return 7
      },
    })
    const one = await consumer()
    expect(one.seeks).toEqual([{ topic: 't', partition: 0, offset: '7' }])
    await one.deliver(7, 7)
    expect(batches).toHaveLength(1)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { msg: 'CONSUMER_RECREATED', group: 'g', topic: 't', partition: 0 },
    ])
  })

  test('ends with the error of its handler, which the library never sees', async () => {
    const { subscription, consumer } = subscribe({
      onBatch: async () => {
        throw new RangeError('a fault of ours')
      },
    })
    const one = await consumer()
    await expect(one.deliver(0, 0)).resolves.toEqual({ resolved: [] })
    await expect(subscription.finished).rejects.toThrow(RangeError)
    expect(one.disconnected).toBe(true)
  })

  test('replaces a consumer that has crashed', async () => {
    const { consumers, consumer } = subscribe()
    const first = await consumer()
    first.emit('crash', {})
    await consumer(1)
    expect(first.disconnected).toBe(true)
    expect(consumers).toHaveLength(2)
  })

  test('replaces a consumer that gives no sign of life', async () => {
    const timing = { ...DEFAULT_TIMING, sessionMilliseconds: 40 }
    const { consumer } = subscribe({ timing })
    const first = await consumer()
    await consumer(1)
    expect(first.disconnected).toBe(true)
  })

  test('lets a consumer wait in silence while its group is made anew, as long as that may take', async () => {
    const timing = { ...DEFAULT_TIMING, sessionMilliseconds: 40, rebalanceMilliseconds: 400 }
    const { consumers, consumer } = subscribe({ timing })
    const first = await consumer()
    const since = performance.now()
    first.emit('rebalancing', {})
    await consumer(1)
    expect(performance.now() - since).toBeGreaterThan(400)
    expect(consumers).toHaveLength(2)
  })

  test('tells a handler that its time is over at half a session', async () => {
    const timing = { ...DEFAULT_TIMING, sessionMilliseconds: 200 }
    const over = Promise.withResolvers<boolean>()
    const { consumer } = subscribe({
      timing,
      onBatch: async (_batch, signal) => {
        signal.addEventListener('abort', () => over.resolve(signal.aborted))
        await over.promise
      },
    })
    const one = await consumer()
    void one.deliver(0, 0)
    expect(await over.promise).toBe(true)
  })

  test('stops without an error', async () => {
    const { subscription, consumer } = subscribe()
    const one = await consumer()
    await subscription.stop()
    await expect(subscription.finished).resolves.toBeUndefined()
    expect(one.disconnected).toBe(true)
  })
})
