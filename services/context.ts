import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import { reachableHost, type Config } from './config.ts'
import { originVariables, samplePlaces, startSamples, type Samples } from './context/samples.ts'
import { openEventCore, type EventCore } from './context/event-core.ts'
import { firstFailure } from './context/first-failure.ts'
import { openIdentitySource } from './context/identity-source.ts'
import { developmentJwks, openKeys, type Keys } from './context/keys.ts'
import { createServices, type Services } from './context/services.ts'
import { prepareFolder } from './context/prepare-folder.ts'
import { refuseTakenPorts } from './context/refuse-taken-ports.ts'
import { startTimers } from './context/timers.ts'
import { federationServices } from './federation/grpc.ts'
import { readRegistrationFolder, registeredIds } from './federation/registration-folder-store.ts'
import { seedRegistry } from './federation/seed-registry.ts'
import { registerAuthenticatorRoutes } from './authenticator/http.ts'
import { registerFederationRoutes } from './federation/http.ts'
import { readSubjectRef, RECHECK_PATH } from './proofing/recheck-order.ts'
import { registerIdentityRoutes, registerProofingRoutes } from './proofing/http.ts'
import { AUTHORS_PATH, orderAboutAuthors } from './policy/authors-order.ts'
import { KEYS_PATH, orderAboutKeys } from './policy/keys-order.ts'
import {
  EXPORT_PATH,
  IMPACT_PATH,
  orderExport,
  orderImpact,
  orderReplay,
  POLICY_BODY_LIMITS,
  REPLAY_PATH,
} from './policy/policy-orders.ts'
import { registerAnalysisRoutes } from './policy/analysis-http.ts'
import { registerImpactRoutes } from './policy/impact-http.ts'
import { registerDecisionRoutes } from './policy/decisions-http.ts'
import { registerPolicyRoutes } from './policy/http.ts'
import { registerTrustmarkRoutes } from './policy/trustmark-http.ts'
import { registerWalletRoutes } from './wallet/http.ts'
import { systemClock } from './kernel/clock.ts'
import { createLog, type Log } from './kernel/log.ts'
import { systemRandom } from './kernel/random.ts'
import { startGrpcServers, type GrpcServers } from './rpc/grpc-server.ts'
import { createHttpServer, type HttpServer } from './rpc/http-server.ts'
import { createOperatorFace, type OperatorFace } from './rpc/operator-http.ts'
import type { Ready } from './ready.ts'

const root = join(import.meta.dirname, '..')

/** A started process. */
export interface Application {
  readonly ready: Ready
  /** Rejects when a part of it cannot go on; the process has to end then. */
  readonly failed: Promise<never>
  close(): Promise<void>
}

/** Starts every role, and closes again what had been started when one of them cannot. */
export async function startApplication(config: Config): Promise<Application> {
  const began = performance.now()
  const stack = new AsyncDisposableStack()
  try {
    const started = await start(config, stack)
    return {
      ready: { ...started.ready, milliseconds: Math.round(performance.now() - began) },
      failed: started.failed,
      close: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

interface Started {
  readonly ready: Omit<Ready, 'milliseconds'>
  readonly failed: Promise<never>
}

async function start(config: Config, stack: AsyncDisposableStack): Promise<Started> {
  const clock = systemClock
  const random = systemRandom
  const log = createLog(config.logLevel, process.stderr)
  await refuseTakenPorts(config)
  prepareFolder('DATA_DIR', config.dataDir)
  const keys = await openKeys(config, registeredIds(config.relyingPartyDir), clock, random, log)

  const core = await openEventCore({ config, keys: keys.files, clock, random, log })
  stack.defer(() => core.close())
  const identity = await openIdentitySource(config, keys, clock, random, log)
  stack.defer(() => identity.close())

  const places = { issuer: config.issuer ?? '', agent: '' }
  const services = await createServices({
    config,
    core,
    keys,
    identity,
    clock,
    random,
    log,
    origin: () => places.issuer,
    agentOrigin: () => places.agent,
  })

  const http = await startHttp(config, services, places, log)
  stack.defer(() => http.close())
  const grpc = await startGrpc(config, keys, services, places, log)
  stack.defer(() => grpc.close())
  const rpPlaces = await samplePlaces(config)
  await seedRegistry(
    {
      unitOfWork: core.database,
      publisher: core.publisher('federation'),
      policy: services.policy,
      clock,
      log,
    },
    readRegistrationFolder(config.relyingPartyDir, {
      variables: originVariables(rpPlaces),
      developmentKeys: developmentJwks(keys),
    }),
  )
  const samples = await startSamples({
    config,
    keys,
    grpc,
    issuer: places.issuer,
    places: rpPlaces,
    log,
  })
  stack.defer(() => samples.stop())
  // Where no agent is started here, it runs on the machine of whoever has the card.
  places.agent = samples.agent ?? `http://card.localhost:${config.ports.agent}`

  for (const definition of services.consumers) core.consume(definition)
  const timers = startTimers(services, core, clock, log)
  stack.defer(() => timers.stop())
  const { face, port: operatorPort } = await startOperator(config, core, services, log)
  stack.defer(() => face.close())

  return {
    ready: readyOf(
      config,
      places.issuer,
      grpc,
      operatorPort,
      samples,
      keys,
      identity.simulator?.deskUrl,
    ),
    failed: firstFailure([core.failed, timers.failed, samples.failed]),
  }
}

async function startHttp(
  config: Config,
  services: Services,
  places: { issuer: string },
  log: Log,
): Promise<HttpServer> {
  const pages = join(root, 'web/dist')
  const app = await createHttpServer({
    origin: () => places.issuer,
    log,
    requestsPerMinute: 1200,
    ...(existsSync(pages) ? { pages } : {}),
  })
  registerProofingRoutes(app, services.proofing)
  registerIdentityRoutes(app, {
    proofing: services.proofing,
    sessions: services.authenticator.sessions,
  })
  registerAuthenticatorRoutes(app, services.authenticator)
  registerWalletRoutes(app, services.walletRoutes)
  registerFederationRoutes(app, services.federationRoutes)
  registerPolicyRoutes(app, services.policyRoutes)
  registerAnalysisRoutes(app, services.policyRoutes)
  registerDecisionRoutes(app, services.policyRoutes)
  registerTrustmarkRoutes(app, services.policyRoutes)
  registerImpactRoutes(app, services.policyRoutes)
  await app.listen({ host: config.bindAddress, port: config.ports.http })
  const { port } = app.server.address() as AddressInfo // listens on a TCP port
  if (places.issuer === '') places.issuer = `http://localhost:${port}`
  return app
}

function startGrpc(
  config: Config,
  keys: Keys,
  services: Services,
  places: { readonly issuer: string },
  log: Log,
): Promise<GrpcServers> {
  return startGrpcServers({
    host: config.bindAddress,
    mtlsPort: config.ports.grpc,
    bearerPort: config.ports.grpcBearer,
    tls: keys.tls,
    services: federationServices({ ...services.federation, log }),
    callers: services.federation.registry,
    issuer: () => places.issuer,
    descriptorSet:
      config.trustEnvironment === 'production'
        ? undefined
        : readFileSync(join(root, 'proto/gen/image.binpb')),
    clock: systemClock,
    log,
  })
}

/** A consumer further behind than this answers questions from the past. */
const MAXIMUM_LAG = 1000

async function startOperator(
  config: Config,
  core: EventCore,
  { proofing, policy }: Services,
  log: Log,
): Promise<{ face: OperatorFace; port: number }> {
  let lag = 0
  const measureLag = async (): Promise<number> => {
    lag = Math.max(0, ...(await Promise.all(core.consumers.map((consumer) => consumer.lag()))))
    return lag
  }
  const face = createOperatorFace({
    log,
    orders: {
      [RECHECK_PATH]: (body) => proofing.checkIdentity(readSubjectRef(body)),
      [AUTHORS_PATH]: (body) => orderAboutAuthors(policy.authors, body),
      [KEYS_PATH]: (body) => orderAboutKeys(policy.releaseKeys, body),
      [IMPACT_PATH]: (body) => orderImpact(policy, body),
      [REPLAY_PATH]: (body) => orderReplay(policy, body),
      [EXPORT_PATH]: async (body) => orderExport(policy, body),
    },
    bodyLimits: POLICY_BODY_LIMITS,
    notReady: () => (lag > MAXIMUM_LAG ? ['CONSUMER_LAGS'] : []),
    gauges: {
      watashi_outbox_depth: {
        description: 'events committed and not yet in the log',
        read: () => core.relay.pending(),
      },
      watashi_consumer_lag: {
        description: 'records that the slowest consumer has still to handle',
        read: measureLag,
      },
    },
  })
  return { face, port: await face.listen(config.ports.operator) }
}

function readyOf(
  config: Config,
  issuer: string,
  grpc: GrpcServers,
  operatorPort: number,
  samples: Samples,
  keys: Keys,
  desk: string | undefined,
): Omit<Ready, 'milliseconds'> {
  const host = reachableHost(config.bindAddress)
  return {
    issuer,
    grpc: `${host}:${grpc.mtlsPort}`,
    grpcBearer: `${host}:${grpc.bearerPort}`,
    operator: `http://127.0.0.1:${operatorPort}`,
    ...(samples.agent === undefined ? {} : { agent: samples.agent }),
    ...(desk === undefined ? {} : { desk }),
    samples: samples.pages,
    ...(keys.authorityFile === undefined
      ? {}
      : { grpcAuthorityFile: keys.authorityFile, relyingPartyKeys: join(config.keysDir, 'rp') }),
  }
}
