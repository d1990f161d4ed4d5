import type { AddressInfo } from 'node:net'
import { CardAgent } from '../card/agent.ts'
import { cardAgentServer } from '../card/agent-http.ts'
import { proofingOverHttp } from '../card/proofing-http.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { type Random, systemRandom } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { simulatedCards } from '../simulator/card-reader.ts'

export interface CardAgentConfig {
  readonly environment: TrustEnvironment
  /** Origin of the pages that ask for taps, such as `http://localhost:8080`. */
  readonly issuer: string
  /** Port of `http://card.localhost`; 0 = a free one. */
  readonly port: number
  /** The simulated cards are in `<dataDir>/simulator/cards`. */
  readonly dataDir: string
  readonly log: Log
  readonly clock?: Clock
  readonly random?: Random
}

export interface RunningCardAgent {
  readonly port: number
  /** `http://card.localhost:<port>` */
  readonly origin: string
  close(): Promise<void>
}

/** Starts the card agent on this machine alone. `ConfigError` where there are no cards that it could use. */
export async function runCardAgent(config: CardAgentConfig): Promise<RunningCardAgent> {
  if (config.environment !== 'simulator') {
    throw new ConfigError(
      'the card agent knows simulated cards only: `TRUST_ENVIRONMENT=simulator`',
    )
  }
  const random = config.random ?? systemRandom
  const agent = new CardAgent({
    environment: config.environment,
    issuer: config.issuer,
    cards: simulatedCards(config.dataDir, random),
    proofing: proofingOverHttp(config.issuer),
    clock: config.clock ?? systemClock,
    random,
  })
  let port = config.port
  const origin = () => `http://card.localhost:${port}`
  const app = cardAgentServer(agent, { origin, issuer: config.issuer, log: config.log })
  await app.listen({ host: '127.0.0.1', port })
  port = (app.server.address() as AddressInfo).port // listens on a TCP port
  config.log.info('READY', { service: 'card-agent', port })
  return { port, origin: origin(), close: () => app.close() }
}
