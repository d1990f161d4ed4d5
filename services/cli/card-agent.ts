import type { AddressInfo } from 'node:net'
import { CardAgent } from '../card/agent.ts'
import { cardAgentServer } from '../card/agent-http.ts'
import { proofingOverHttp } from '../card/proofing-http.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { type Random, systemRandom } from '../kernel/random.ts'
import { type CardsConfig, cardsFor } from './card-sources.ts'

export interface CardAgentConfig extends Pick<
  CardsConfig,
  'environment' | 'dataDir' | 'openReaders'
> {
  /** Origin of the pages that ask for taps, such as `http://localhost:8080`. */
  readonly issuer: string
  /** Port of `http://card.localhost`; 0 = a free one. */
  readonly port: number
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

/** Starts the card agent on this machine alone. `CardError` where there are no cards that it could use. */
export async function runCardAgent(config: CardAgentConfig): Promise<RunningCardAgent> {
  const random = config.random ?? systemRandom
  const cards = await cardsFor({ ...config, random })
  const agent = new CardAgent({
    environment: config.environment,
    issuer: config.issuer,
    cards,
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
  const close = async () => {
    await app.close()
    cards.close()
  }
  return { port, origin: origin(), close }
}
