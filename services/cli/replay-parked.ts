import { existsSync } from 'node:fs'
import type { Config } from '../config.ts'
import { openEventCore, storageOf } from '../context/event-core.ts'
import { openIdentitySource } from '../context/identity-source.ts'
import { openKeys } from '../context/keys.ts'
import { createServices } from '../context/services.ts'
import { isInUse } from '../database/in-use.ts'
import { ConsumerStore } from '../eventlog/consumer-store.ts'
import { isTopic } from '../eventlog/topics.ts'
import { systemClock } from '../kernel/clock.ts'
import { Conflict, NotFound, ServiceError } from '../kernel/errors.ts'
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
  refuseWhileRunning(config)
  await using stack = new AsyncDisposableStack()
  const { core, consumers } = await openServices(config, log, stack)
  const definition = consumers.find(({ name }) => name === consumer)
  if (definition === undefined) {
    const names = consumers.map(({ name }) => name).join(', ')
    throw new NotFound(`no consumer \`${consumer}\`; there are ${names}`)
  }
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
    io.complain(`watashi: the key stays parked: ${error.code}, ${error.message}`)
    return EXIT.doesNotHold
  }
  io.print(`applied ${applied}`)
  return EXIT.holds
}

function refuseWhileRunning(config: Config): void {
  const storage = storageOf(config)
  if (storage.kind !== 'sqlite') return
  if (!existsSync(storage.file)) {
    throw new NotFound(`there is no database yet in \`DATA_DIR\` ${config.dataDir}`)
  }
  if (isInUse(storage.file)) {
    throw new Conflict('the database is in use: stop the product, replay, and start it again')
  }
}

async function openServices(config: Config, log: Log, stack: AsyncDisposableStack) {
  const clock = systemClock
  const random = systemRandom
  const keys = await openKeys(config, clock, random, log)
  const core = await openEventCore({ config, keys: keys.files, clock, random, log })
  stack.defer(() => core.close())
  // A simulator of its own, at any port: nobody is told of it.
  const own = { ...config, samples: true, ports: { ...config.ports, simulator: 0 } }
  const identity = await openIdentitySource(own, clock, random, log)
  stack.defer(async () => identity.simulator?.close())
  const nowhere = (): string => 'http://localhost'
  const { consumers } = await createServices({
    ...{ config, core, keys, identity, clock, random, log },
    origin: nowhere,
    agentOrigin: nowhere,
  })
  return { core, consumers }
}
