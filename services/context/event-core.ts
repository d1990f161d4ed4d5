import { openDatabase, type DatabaseConfig } from '../database/open.ts'
import { scrub } from '../database/scrub.ts'
import type { Database } from '../database/database.ts'
import { migrate, migrationsOf } from '../database/migrate.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { ConsumerStore } from '../eventlog/consumer-store.ts'
import type { EventLog } from '../eventlog/event-log.ts'
import {
  createEventSigner,
  createEventTrust,
  eventKeyId,
  type TrustedProducer,
} from '../eventlog/event-trust.ts'
import { cleanUpLog } from '../eventlog/log-cleanup-store.ts'
import { KafkaEventLog } from '../eventlog/kafka-event-log.ts'
import { OutboxStore } from '../eventlog/outbox-store.ts'
import {
  discardParkedEvent,
  replayParkedKey,
  type Discard,
  type DiscardOutcome,
} from '../eventlog/parked-events.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import { Relay } from '../eventlog/relay.ts'
import { runConsumer, type RunningConsumer } from '../eventlog/run-consumer.ts'
import { ProducerKeyStore } from '../eventlog/producer-key-store.ts'
import { createPublisher } from '../eventlog/signing-publisher.ts'
import { SqliteEventLog } from '../eventlog/sqlite-event-log.ts'
import { ensureTopics } from '../eventlog/topics.ts'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import { SERVICES, type ServiceName, type Topic } from '../kernel/event.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { loadSigningKey, type KeyFiles, type SigningKey } from '../rpc/key-file-store.ts'
import type { Config } from '../config.ts'
import { eventKeyName } from './keys.ts'

/** Which service may produce which events; a key of a service signs for these alone. */
const PRODUCED: Readonly<Record<ServiceName, readonly string[]>> = {
  proofing: [
    'watashi.identity.v1.IdentityProofed',
    'watashi.identity.v1.IdentityStatusChanged',
    'watashi.identity.v1.IdentityProofingRefused',
    'watashi.identity.v1.AttributesRefreshed',
    'watashi.identity.v1.AttributesConsentChanged',
  ],
  policy: [
    'watashi.policy.v1.AssuranceChanged',
    'watashi.policy.v1.AssuranceSnapshot',
    'watashi.policy.v1.PolicyActivated',
  ],
  authenticator: [
    'watashi.authenticator.v1.AuthenticatorBound',
    'watashi.authenticator.v1.AuthenticatorStateChanged',
    'watashi.authenticator.v1.AuthenticationPerformed',
    'watashi.authenticator.v1.AuthenticationRefused',
    'watashi.authenticator.v1.SessionEnded',
  ],
  wallet: [
    'watashi.wallet.v1.ReleaseIssued',
    'watashi.wallet.v1.ReleaseRefused',
    'watashi.wallet.v1.ReleaseRevoked',
    'watashi.wallet.v1.SubjectErased',
  ],
  federation: ['watashi.registry.v1.RelyingPartyChanged'],
}

/** Storage and event log of the process, with the publishers and consumers that run on them. */
export interface EventCore {
  readonly database: Database
  readonly eventLog: EventLog
  readonly relay: Relay
  readonly consumers: readonly RunningConsumer[]
  publisher(service: ServiceName): Publisher
  /** Makes the storage engine drop what it still holds of deleted rows; false when it could not now. */
  scrub(): Promise<boolean>
  /** Compaction and retention of the embedded log, a bounded piece at a time; a broker sees to its own. */
  cleanUpLog(): Promise<void>
  consume(definition: ConsumerDefinition): RunningConsumer
  /** As `replayParkedKey`, with the trust of this process. */
  replayParked(definition: ConsumerDefinition, topic: Topic, key: string): Promise<number>
  /** As `discardParkedEvent`, with the trust of this process. */
  discardParked(definition: ConsumerDefinition, discard: Discard): Promise<DiscardOutcome>
  /** Rejects when the relay or a consumer cannot go on; the process has to end then. */
  readonly failed: Promise<never>
  close(): Promise<void>
}

export interface EventCoreDependencies {
  readonly config: Config
  readonly keys: KeyFiles
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Opens storage, brings its schema up to date, and starts the relay; closes again what it had opened when it cannot. */
export async function openEventCore(deps: EventCoreDependencies): Promise<EventCore> {
  const { config, clock, random, log } = deps
  await using opening = new AsyncDisposableStack()
  const storage = storageOf(config)
  const database = openDatabase(storage)
  opening.defer(() => database.close())
  const applied = await migrate(database, ['eventlog', ...SERVICES].map(migrationsOf))
  if (applied > 0) log.info('MIGRATED', { count: applied })
  const keys = new Map(
    SERVICES.map((service) => [service, loadSigningKey(deps.keys, eventKeyName(service))]),
  )
  await refuseOtherKeys(database, keys)
  const eventLog = openLog(config, database, clock, log)
  opening.defer(() => eventLog.close())
  await ensureTopics(eventLog)
  const outbox = new OutboxStore(database)
  const relay = new Relay({ database, outbox, eventLog, log })
  opening.defer(() => relay.stop())
  const onPublished = (): void => relay.wake()
  const producers: TrustedProducer[] = [...keys].map(([service, { publicKey }]) => ({
    publicKey,
    service,
    types: PRODUCED[service],
  }))
  const environment = config.trustEnvironment
  const consumerDependencies = {
    eventLog,
    database,
    store: new ConsumerStore(database),
    outbox,
    trust: createEventTrust(producers),
    environment,
    clock,
    random,
    log,
    onPublished,
  }
  const failure = Promise.withResolvers<never>()
  relay.finished.catch(failure.reject)
  failure.promise.catch(() => undefined)
  const consumers: RunningConsumer[] = []
  const opened = opening.move()
  return {
    database,
    eventLog,
    relay,
    consumers,
    failed: failure.promise,
    scrub: () => scrub(storage),
    async cleanUpLog() {
      if (config.backbone.kind === 'embedded') await cleanUpLog(database, clock.now())
    },
    publisher(service) {
      const key = keys.get(service)
      if (key === undefined) throw new TypeError(`no signing key for ${service}`)
      const signer = createEventSigner(key.privateKey, key.publicKey)
      return createPublisher({ service, environment, signer, outbox, clock, random, onPublished })
    },
    consume(definition) {
      const consumer = runConsumer(definition, consumerDependencies)
      consumer.finished.catch((error: unknown) => {
        log.error('CONSUMER_FAILED', { group: definition.name }, error)
        failure.reject(error)
      })
      consumers.push(consumer)
      return consumer
    },
    replayParked: (definition, topic, key) =>
      replayParkedKey(consumerDependencies, definition, topic, key),
    discardParked: (definition, discard) =>
      discardParkedEvent(consumerDependencies, definition, discard),
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.stop()))
      await opened.disposeAsync()
    },
  }
}

/** Everybody would park what is signed with a key that they do not know, so such a process does not begin. */
async function refuseOtherKeys(
  database: Database,
  keys: ReadonlyMap<ServiceName, SigningKey>,
): Promise<void> {
  const keyIds = new Map([...keys].map(([service, key]) => [service, eventKeyId(key.publicKey)]))
  const store = new ProducerKeyStore(database)
  await database.run(async (tx) => {
    const others = await store.admit(tx, keyIds)
    if (others.length === 0) return
    const files = others.map((service) => `${eventKeyName(service)}.pem`).join(', ')
    throw new ConfigError(
      `\`KEYS_DIR\`: expected the keys with which the events of this installation are signed; other ones are in ${files}`,
    )
  })
}

/** Where the configuration says that state is kept. */
export function storageOf({ backbone }: Config): DatabaseConfig {
  return backbone.kind === 'embedded'
    ? { kind: 'sqlite', file: backbone.file }
    : { kind: 'postgres', url: backbone.databaseUrl.reveal() }
}

function openLog({ backbone }: Config, database: Database, clock: Clock, log: Log): EventLog {
  return backbone.kind === 'embedded'
    ? new SqliteEventLog({ database, clock })
    : new KafkaEventLog({
        connection: { brokers: backbone.brokers, clientId: 'watashi' },
        prefix: backbone.prefix,
        log,
      })
}
