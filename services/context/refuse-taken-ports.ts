import { createServer } from 'node:net'
import type { Config } from '../config.ts'
import { ConfigError } from '../kernel/errors.ts'
import { SAMPLE_RPS } from './keys.ts'

/**
 * Stops the start with one message when a port that is wanted is not to be had, before anything else is opened. `ConfigError`
 * names the variables.
 */
export async function refuseTakenPorts({ bindAddress, ports, samples }: Config): Promise<void> {
  const wanted: [variable: string, port: number, host?: string][] = [
    ['HTTP_PORT', ports.http, bindAddress],
    ['GRPC_PORT', ports.grpc, bindAddress],
    ['GRPC_BEARER_PORT', ports.grpcBearer, bindAddress],
    ['OPERATOR_PORT', ports.operator],
  ]
  if (samples) {
    wanted.push(['AGENT_PORT', ports.agent], ['SIMULATOR_PORT', ports.simulator])
    const first = ports.sampleRp
    SAMPLE_RPS.forEach((_, index) =>
      wanted.push(['SAMPLE_RP_PORT', first === 0 ? 0 : first + index]),
    )
  }
  const fixed = wanted.filter(([, port]) => port !== 0)
  const twice = fixed.find(
    ([, port], index) => fixed.findIndex(([, other]) => other === port) !== index,
  )
  if (twice !== undefined) throw new ConfigError(`\`${twice[0]}\`: port ${twice[1]} is named twice`)
  const free = await Promise.all(fixed.map(([, port, host]) => isFree(port, host)))
  const taken = fixed.filter((_, index) => free[index] === false)
  if (taken.length === 0) return
  const names = taken.map(([variable, port]) => `\`${variable}\` ${port}`).join(', ')
  throw new ConfigError(
    `${names}: in use, or not ours to open (is Watashi running already?); name other ports, or 0 for a free one`,
  )
}

function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
