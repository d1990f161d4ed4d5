import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Config } from '../config.ts'
import type { Log } from '../kernel/log.ts'
import type { GrpcServers } from '../rpc/grpc-server.ts'
import { startChild, type Child } from './children.ts'
import { firstFailure } from './first-failure.ts'
import type { Keys } from './keys.ts'

/** The programs beside the product: the card agent and the sample relying parties. */
export interface Samples {
  readonly agent?: string
  /** Pages of the sample relying parties by id. */
  readonly pages: Readonly<Record<string, string>>
  /** What `${…}` in the registrations of `deploy/rp` stands for. */
  readonly origins: Readonly<Record<string, string>>
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export interface SamplesDependencies {
  readonly config: Config
  readonly keys: Keys
  readonly grpc: GrpcServers
  readonly issuer: string
  readonly log: Log
}

const SAMPLE_RPS = ['library', 'liquor', 'bank'] as const
type SampleRp = (typeof SAMPLE_RPS)[number]

/** Starts them where the configuration wants them. */
export async function startSamples(deps: SamplesDependencies): Promise<Samples> {
  const places = await Promise.all(
    SAMPLE_RPS.map(async (rpId, index) => {
      const { sampleRp } = deps.config.ports
      const port = sampleRp === 0 ? await freePort() : sampleRp + index
      return { rpId, port, origin: `http://${rpId}.localhost:${port}` }
    }),
  )
  const origins = Object.fromEntries(
    places.map(({ rpId, origin }) => [`${rpId.toUpperCase()}_ORIGIN`, origin]),
  )
  const children: Child[] = []
  if (!deps.config.samples)
    return { pages: {}, origins, failed: new Promise(() => undefined), stop: async () => undefined }
  try {
    const agent = await startAgent(deps)
    children.push(agent)
    const relyingParties = await Promise.all(
      places.map(
        async ({ rpId, port, origin }) =>
          [rpId, await startRelyingParty(deps, rpId, port, origin)] as const,
      ),
    )
    children.push(...relyingParties.map(([, child]) => child))
    return {
      agent: agent.origin,
      pages: Object.fromEntries(relyingParties.map(([rpId, child]) => [rpId, child.origin])),
      origins,
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
  { keys, grpc, issuer, log }: SamplesDependencies,
  rpId: SampleRp,
  port: number,
  origin: string,
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
    grpcAddress: `127.0.0.1:${rpId === 'bank' ? grpc.bearerPort : grpc.mtlsPort}`,
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
