import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { reachableHost, type Config } from '../config.ts'
import type { Log } from '../kernel/log.ts'
import type { GrpcServers } from '../rpc/grpc-server.ts'
import { startChild, type Child } from './children.ts'
import { firstFailure } from './first-failure.ts'
import { SAMPLE_RPS, type Keys } from './keys.ts'

/** The programs beside the product: the card agent and the sample relying parties. */
export interface Samples {
  readonly agent?: string
  /** Pages of the sample relying parties by id. */
  readonly pages: Readonly<Record<string, string>>
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export interface SamplesDependencies {
  readonly config: Config
  readonly keys: Keys
  readonly grpc: GrpcServers
  readonly issuer: string
  readonly places: readonly SamplePlace[]
  readonly log: Log
}

type SampleRp = (typeof SAMPLE_RPS)[number]

export interface SamplePlace {
  readonly rpId: SampleRp
  readonly port: number
  readonly origin: string
}

/** Where the sample relying parties will be: their registrations name it, so it is settled before they start. */
export function samplePlaces({ ports }: Config): Promise<readonly SamplePlace[]> {
  return Promise.all(
    SAMPLE_RPS.map(async (rpId, index) => {
      const port = ports.sampleRp === 0 ? await freePort() : ports.sampleRp + index
      return { rpId, port, origin: `http://${rpId}.localhost:${port}` }
    }),
  )
}

/** What `${…_ORIGIN}` in the registrations of `deploy/rp` stands for. */
export function originVariables(places: readonly SamplePlace[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    places.map(({ rpId, origin }) => [`${rpId.toUpperCase()}_ORIGIN`, origin]),
  )
}

/** Starts them where the configuration wants them. */
export async function startSamples(deps: SamplesDependencies): Promise<Samples> {
  if (!deps.config.samples) {
    return { pages: {}, failed: new Promise(() => undefined), stop: async () => undefined }
  }
  const children: Child[] = []
  try {
    const agent = await startAgent(deps)
    children.push(agent)
    const relyingParties = await Promise.all(
      deps.places.map(async (place) => [place.rpId, await startRelyingParty(deps, place)] as const),
    )
    children.push(...relyingParties.map(([, child]) => child))
    return {
      agent: agent.origin,
      pages: Object.fromEntries(relyingParties.map(([rpId, child]) => [rpId, child.origin])),
      failed: firstFailure(children.map((child) => child.failed)),
      stop: () => stopAll(children),
    }
  } catch (error) {
    await stopAll(children)
    throw error
  }
}

async function stopAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.stop()))
}

function startAgent({ config, issuer, log }: SamplesDependencies): Promise<Child> {
  const env = {
    TRUST_ENVIRONMENT: config.trustEnvironment,
    ISSUER: issuer,
    AGENT_PORT: String(config.ports.agent),
    DATA_DIR: config.dataDir,
    LOG_LEVEL: config.logLevel,
  }
  return startChild(
    { name: 'card-agent', script: 'services/cli.ts', args: ['card', 'agent'], env },
    log,
  )
}

function startRelyingParty(
  { config, keys, grpc, issuer, log }: SamplesDependencies,
  { rpId, port, origin }: SamplePlace,
): Promise<Child> {
  const files = keys.relyingParties[rpId]
  if (files === undefined || keys.authorityFile === undefined)
    throw new TypeError(`no development keys for ${rpId}`)
  const settings = {
    port,
    origin,
    watashiOrigin: issuer,
    issuer,
    // The bank signs client assertions; the others have client certificates.
    grpcAddress: `${reachableHost(config.bindAddress)}:${rpId === 'bank' ? grpc.bearerPort : grpc.mtlsPort}`,
    authorityFile: keys.authorityFile,
    certificateFile: files.certificateFile,
    keyFile: files.keyFile,
  }
  const env = { SAMPLE_RP_CONFIG: JSON.stringify(settings) }
  return startChild({ name: rpId, script: 'deploy/sample-rp/main.ts', args: [rpId], env }, log)
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listens on a TCP port
  await new Promise((resolve) => server.close(resolve))
  return port
}
