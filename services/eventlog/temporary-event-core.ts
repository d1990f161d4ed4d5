import { generateKeyPairSync } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { openTemporaryDatabase } from '../database/temporary-database.ts'
import { FrozenClock } from '../kernel/clock.ts'
import {
  SERVICES,
  TOPICS,
  type ReceivedEvent,
  type ServiceName,
  type Topic,
} from '../kernel/event.ts'
import { createLog, type Log } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { ConsumerStore } from './consumer-store.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { EventLog } from './event-log.ts'
import {
  createEventSigner,
  createEventTrust,
  verifyEvent,
  type EventSigner,
} from './event-trust.ts'
import { OutboxStore } from './outbox-store.ts'
import type { Publisher } from './publisher.ts'
import { Relay } from './relay.ts'
import { runConsumer, type ConsumerDependencies, type RunningConsumer } from './run-consumer.ts'
import { untilSettled } from './settle.ts'
import { createPublisher } from './signing-publisher.ts'
import { SqliteEventLog } from './sqlite-event-log.ts'
import { ensureTopics } from './topics.ts'

export interface TemporaryEventCore {
  readonly database: Database
  readonly eventLog: EventLog
  readonly relay: Relay
  readonly clock: FrozenClock
  /** What consumers are run with, for a test that changes a part of it. */
  readonly dependencies: ConsumerDependencies
  signer(service: ServiceName): EventSigner
  publisher(service: ServiceName): Publisher
  consume(definition: ConsumerDefinition): RunningConsumer
  /** Waits until every event has taken effect everywhere; throws what ended a consumer. */
  settle(): Promise<void>
  /** Everything that stands in a topic, verified, partition by partition. */
  events(topic: Topic): Promise<ReceivedEvent[]>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The whole event core on a fresh SQLite file, for tests: made-up keys for every service, a clock that stands still, and
 * the schemas of the services named.
 *
 * ```ts
 * await using core = await openTemporaryEventCore({ services: ['wallet'] })
 * core.consume(releaseLedger)
 * await core.database.run((tx) => core.publisher('policy').publish(tx, event))
 * await core.settle()
 * ```
 */
export async function openTemporaryEventCore(
  options: {
    readonly services?: readonly string[]
    readonly environment?: TrustEnvironment
    readonly now?: string
    readonly log?: Log
  } = {},
): Promise<TemporaryEventCore> {
  const { services = [], environment = 'simulator', now = '2026-04-01T00:00:00Z' } = options
  const temporary = await openTemporaryDatabase('eventlog', ...services)
  const clock = new FrozenClock(now)
  const eventLog = new SqliteEventLog({ database: temporary.database, clock })
  const core = await assembleEventCore({
    database: temporary.database,
    eventLog,
    clock,
    environment,
    log: options.log ?? createLog('silent'),
  })
  return {
    ...core,
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

/** The event core for tests over a database (with the schema of `eventlog`) and a log that the caller has opened. */
export async function assembleEventCore(parts: {
  readonly database: Database
  readonly eventLog: EventLog
  readonly clock: FrozenClock
  readonly environment: TrustEnvironment
  readonly log: Log
}): Promise<TemporaryEventCore> {
  const { database, eventLog, clock, environment, log } = parts
  await ensureTopics(eventLog)
  const outbox = new OutboxStore(database)
  const relay = new Relay({ database, outbox, eventLog, log })
  const onPublished = (): void => relay.wake()
  const { signers, trust } = makeKeys()
  const dependencies: ConsumerDependencies = {
    eventLog,
    database,
    store: new ConsumerStore(database),
    outbox,
    trust,
    environment,
    clock,
    random: systemRandom,
    log,
    onPublished,
  }
  const consumers: RunningConsumer[] = []
  const signer = (service: ServiceName): EventSigner => {
    const found = signers.get(service)
    if (found === undefined) throw new TypeError(`no signer for ${service}`)
    return found
  }
  return {
    database,
    eventLog,
    relay,
    clock,
    dependencies,
    signer,
    publisher: (service) =>
      createPublisher({
        service,
        environment,
        signer: signer(service),
        outbox,
        clock,
        random: systemRandom,
        onPublished,
      }),
    consume(definition) {
      const consumer = runConsumer(definition, dependencies)
      consumers.push(consumer)
      return consumer
    },
    async settle() {
      const failed = Promise.all(consumers.map((consumer) => consumer.finished)).then(
        // A consumer that a test has stopped does not count as one that is behind.
        () => new Promise<never>(() => undefined),
      )
      await Promise.race([
        untilSettled({ relay, eventLog, consumers, topics: Object.values(TOPICS) }),
        failed,
      ])
    },
    async events(topic) {
      const found: ReceivedEvent[] = []
      for (const { partition } of await eventLog.watermarks(topic)) {
        for await (const record of eventLog.read({ topic, partition, from: 'earliest' })) {
          found.push(verifyEvent(record, trust, environment))
        }
      }
      return found
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(consumers.map((consumer) => consumer.stop()))
      await relay.stop()
      await eventLog.close()
    },
  }
}

function makeKeys(): {
  signers: ReadonlyMap<ServiceName, EventSigner>
  trust: ReturnType<typeof createEventTrust>
} {
  const keys = SERVICES.map((service) => ({ service, ...generateKeyPairSync('ed25519') }))
  return {
    signers: new Map(
      keys.map(({ service, privateKey, publicKey }) => [
        service,
        createEventSigner(privateKey, publicKey),
      ]),
    ),
    trust: createEventTrust(
      keys.map(({ service, publicKey }) => ({
        service,
        publicKey,
        types: { includes: () => true },
      })),
    ),
  }
}
