import type { Consumer, EachBatchPayload } from 'kafkajs'
import type { KafkaClient } from './kafka-client-transport.ts'

export interface KafkaTiming {
  /** A member that was killed keeps its partitions for so long; twice that, when it was killed while it joined. */
  readonly sessionMilliseconds: number
  readonly rebalanceMilliseconds: number
  readonly heartbeatMilliseconds: number
  /** How long an idle fetch waits at the broker. */
  readonly fetchWaitMilliseconds: number
}

export interface MemberOptions {
  /** The names as the broker knows them. */
  readonly groupId: string
  readonly topics: readonly string[]
  readonly timing: KafkaTiming
  readonly partitionsAtOnce: number
  readonly onAssigned: (consumer: Consumer, assignment: Record<string, number[]>) => void
  /** Never throws: the library would restart by rules of its own. */
  readonly onBatch: (consumer: Consumer, payload: EachBatchPayload) => Promise<void>
}

export type MemberEnd = 'stopped' | 'crash' | 'silence' | 'connection'

const START_MILLISECONDS = 1000
const GOODBYE_MILLISECONDS = 5000

/**
 * Joins a consumer group and takes part until the signal, a crash, or a silence: the library's consumers can hang without
 * an error. Afterwards nothing of the member lives on.
 *
 * @returns why it ended
 */
export async function takePart(
  client: KafkaClient,
  options: MemberOptions,
  signal: AbortSignal,
): Promise<MemberEnd> {
  const { timing } = options
  const consumer = client.kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: timing.sessionMilliseconds,
    rebalanceTimeout: timing.rebalanceMilliseconds,
    heartbeatInterval: timing.heartbeatMilliseconds,
    maxWaitTimeInMs: timing.fetchWaitMilliseconds,
    allowAutoTopicCreation: false,
  })
  const end = watch(consumer, options, signal)
  let started: boolean | undefined
  const starting = start(consumer, options).then(
    () => (started = true),
    () => (started = false),
  )
  try {
    if ((await Promise.race([starting, end.reason])) === false) return 'connection'
    return await end.reason
  } finally {
    end.unwatch()
    // Only a member that has joined can say goodbye, so a start that is nearly done is waited for. One that waits for the
    // group would go on after a goodbye and bring the consumer back to life; without sockets it can do nothing more, and
    // the broker forgets the member after a session.
    await withTimeout(starting, START_MILLISECONDS)
    if (started === true) await withTimeout(consumer.disconnect(), GOODBYE_MILLISECONDS)
    client.hangUp()
    void starting.then(() => consumer.disconnect()).catch(() => undefined)
  }
}

async function start(consumer: Consumer, options: MemberOptions): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.partitionsAtOnce,
    eachBatch: (payload) => options.onBatch(consumer, payload),
  })
}

function watch(
  consumer: Consumer,
  { timing, onAssigned }: MemberOptions,
  signal: AbortSignal,
): { reason: Promise<MemberEnd>; unwatch: () => void } {
  const ended = Promise.withResolvers<MemberEnd>()
  const { CRASH, FETCH, HEARTBEAT, END_BATCH_PROCESS, GROUP_JOIN, REBALANCING } = consumer.events
  let lastSign = performance.now()
  let joined = false
  const sign = (): void => {
    lastSign = performance.now()
  }
  for (const event of [FETCH, HEARTBEAT, END_BATCH_PROCESS] as const) consumer.on(event, sign)
  consumer.on(REBALANCING, () => {
    sign()
    joined = false
  })
  consumer.on(GROUP_JOIN, ({ payload }) => {
    sign()
    joined = true
    onAssigned(consumer, payload.memberAssignment)
  })
  consumer.on(CRASH, () => ended.resolve('crash'))
  const watchdog = setInterval(() => {
    const allowed = 2 * timing.sessionMilliseconds + (joined ? 0 : timing.rebalanceMilliseconds)
    // A member that waits for the group to let go of dead ones is silent by right; replaced, it would be one more of them.
    if (performance.now() - lastSign > allowed) ended.resolve('silence')
  }, timing.sessionMilliseconds / 2)
  watchdog.unref()
  const stop = (): void => ended.resolve('stopped')
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  return {
    reason: ended.promise,
    unwatch: () => {
      clearInterval(watchdog)
      signal.removeEventListener('abort', stop)
    },
  }
}

async function withTimeout(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, milliseconds)
  await Promise.race([work.catch(() => undefined), late.promise])
  clearTimeout(timer)
}
