import { existsSync } from 'node:fs'
import type { Config } from '../config.ts'
import { openEventCore, storageOf, type EventCore } from '../context/event-core.ts'
import { openIdentitySource } from '../context/identity-source.ts'
import { openKeys } from '../context/keys.ts'
import { createServices } from '../context/services.ts'
import { isInUse } from '../database/in-use.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { ConsumerStore } from '../eventlog/consumer-store.ts'
import { isTopic } from '../eventlog/topics.ts'
import { systemClock } from '../kernel/clock.ts'
import { Conflict, InvalidInput, NotFound, ServiceError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { parkedTopics } from './parked-events.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

/**
 * `watashi log parked replay CONSUMER KEY`: applies the parked events of a key after their cause was mended, all of them or
 * none. It runs the services of this installation without their faces, so on SQLite the product must be stopped first
 * (`Conflict` otherwise); on PostgreSQL it may run. Exit code 0, or 1 when the cause is still there and the key stays parked.
 * @throws NotFound when there is no such consumer, or the key is not parked for it
 */
export async function replayParked(
  config: Config,
  { consumer, key }: { readonly consumer: string; readonly key: string },
  log: Log,
  io: Pick<PolicyIo, 'print' | 'complain'>,
): Promise<number> {
  await using services = await openServices(config, log)
  const { core } = services
  const definition = consumerNamed(services, consumer)
  const { database } = core
  const topics = await parkedTopics({ database, store: new ConsumerStore(database) }, consumer, key)
  if (topics.length === 0) throw new NotFound(`the key is not parked for \`${consumer}\``)
  let applied = 0
  try {
    for (const topic of topics.filter(isTopic)) {
      applied += await core.replayParked(definition, topic, key)
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return staysParked(error, io)
  }
  io.print(`applied ${applied}`)
  return EXIT.holds
}

/** An event as `watashi log parked` names it, and what the operator says of it. */
export interface DiscardOrder {
  readonly consumer: string
  readonly key: string
  readonly topic: string
  readonly offset: string
  readonly reason: string
}

const MAX_REASON = 500

/**
 * `watashi log parked discard CONSUMER KEY TOPIC OFFSET --reason TEXT`: the event at fault is never to take effect, and those
 * that wait behind it are applied. The event and the reason are kept (`watashi log parked discarded`). As for a replay, on
 * SQLite the product must be stopped first. Exit code 0, or 1 when the key has stopped again at a later event.
 * @throws InvalidInput for an offset or a reason that is none; NotFound when there is no such consumer or no such event is
 * parked; Conflict when the event only waits behind the one at fault
 */
export async function discardParked(
  config: Config,
  { consumer, key, topic, offset, reason }: DiscardOrder,
  log: Log,
  io: Pick<PolicyIo, 'print' | 'complain'>,
): Promise<number> {
  if (!/^\d{1,15}$/.test(offset)) throw new InvalidInput('OFFSET', 'a number')
  const said = reason.trim()
  if (said === '' || said.length > MAX_REASON) {
    throw new InvalidInput('--reason', `1 to ${MAX_REASON} characters`)
  }
  await using services = await openServices(config, log)
  const { core } = services
  const definition = consumerNamed(services, consumer)
  const at = systemClock.now()
  const order = { topic, key, offset: Number(offset), reason: said, at }
  const { discarded, applied, refusal } = await core.discardParked(definition, order)
  const { partition } = discarded
  log.warn('EVENT_DISCARDED', {
    ...{ group: consumer, topic, partition, offset, code: discarded.reason },
  })
  io.print(`discarded 1, applied ${applied}`)
  return refusal === undefined ? EXIT.holds : staysParked(refusal, io)
}

function staysParked({ code, message }: ServiceError, io: Pick<PolicyIo, 'complain'>): number {
  io.complain(`watashi: the key stays parked: ${code}, ${message}`)
  return EXIT.doesNotHold
}

function consumerNamed({ consumers }: OpenServices, name: string): ConsumerDefinition {
  const definition = consumers.find((one) => one.name === name)
  if (definition !== undefined) return definition
  const names = consumers.map((one) => one.name).join(', ')
  throw new NotFound(`no consumer \`${name}\`; there are ${names}`)
}

function refuseWhileRunning(config: Config): void {
  const storage = storageOf(config)
  if (storage.kind !== 'sqlite') return
  if (!existsSync(storage.file)) {
    throw new NotFound(`there is no database yet in \`DATA_DIR\` ${config.dataDir}`)
  }
  if (isInUse(storage.file)) {
    throw new Conflict(
      'the database is in use: stop the product first, and start it again afterwards',
    )
  }
}

interface OpenServices extends AsyncDisposable {
  readonly core: EventCore
  readonly consumers: readonly ConsumerDefinition[]
}

/** The services of this installation without their faces. */
async function openServices(config: Config, log: Log): Promise<OpenServices> {
  refuseWhileRunning(config)
  await using opening = new AsyncDisposableStack()
  const clock = systemClock
  const random = systemRandom
  const keys = await openKeys(config, [], clock, random, log)
  const core = await openEventCore({ config, keys: keys.files, clock, random, log })
  opening.defer(() => core.close())
  // A simulator of its own, at any port: nobody is told of it.
  const own = { ...config, samples: true, ports: { ...config.ports, simulator: 0 } }
  const identity = await openIdentitySource(own, keys, clock, random, log)
  opening.defer(() => identity.close())
  const nowhere = (): string => 'http://localhost'
  const { consumers } = await createServices({
    ...{ config, core, keys, identity, clock, random, log },
    origin: nowhere,
    agentOrigin: nowhere,
  })
  const opened = opening.move()
  return { core, consumers, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
