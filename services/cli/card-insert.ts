import { ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { SimulatedCard } from '../simulator/card.ts'
import { cardRack } from '../simulator/card-file.ts'
import { insertCard, type InsertedCard, type VirtualReader } from '../simulator/vpcd.ts'

export interface CardInsertConfig {
  readonly environment: TrustEnvironment
  /** The simulated cards are in `<dataDir>/simulator/cards`. */
  readonly dataDir: string
  readonly random: Random
  /** What each command takes. */
  readonly latencyMilliseconds?: number
}

/**
 * Puts a simulated card into a virtual reader. `ConfigError` outside the simulator environment, `NotFound` for a card there is
 * none of, `Unavailable` when no virtual reader listens.
 */
export async function insertSimulatedCard(
  config: CardInsertConfig,
  id: string,
  reader: VirtualReader,
): Promise<InsertedCard> {
  if (config.environment !== 'simulator') {
    throw new ConfigError('simulated cards exist only with `TRUST_ENVIRONMENT=simulator`')
  }
  const rack = cardRack(config.dataDir)
  const { random, latencyMilliseconds = 0 } = config
  const card = new SimulatedCard(rack.card(id), rack.pins(id), { random, latencyMilliseconds })
  return insertCard(card, reader)
}
