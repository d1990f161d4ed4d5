import type { Log } from '../kernel/log.ts'
import { openSimulator, type SimulatorCore, type SimulatorCoreOptions } from './simulator-core.ts'
import { startSimulatorServer } from './simulator-http.ts'

export interface SimulatorOptions extends SimulatorCoreOptions {
  /** 0 = a free one. */
  readonly port: number
  readonly log: Log
}

export interface Simulator extends SimulatorCore {
  readonly port: number
  /** `http://127.0.0.1:<port>`: for back channels. */
  readonly url: string
  /** `http://issuer.localhost:<port>`: for people. */
  readonly deskUrl: string
  close(): Promise<void>
}

/**
 * Starts JPKI-SIM: two certification authorities, CRLs, OCSP, linkage, the issuer's desk and the sample people's cards.
 * At the first start in a folder it makes them all; later starts find them. `ConfigError` outside the simulator environment.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const core = await openSimulator(options)
  const server = await startSimulatorServer(core, options)
  return {
    ...core,
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    deskUrl: `http://issuer.localhost:${server.port}`,
    close: () => server.close(),
  }
}
