import { CardError } from '../card/card-error.ts'
import { type CardReaders, isReaderCard, openCardReaders } from '../card/pcsc-transport.ts'
import type { CardSource } from '../card/transport.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { simulatedCards } from '../simulator/card-reader.ts'

export interface CardsConfig {
  readonly environment: TrustEnvironment
  /** The simulated cards are in `<dataDir>/simulator/cards`. */
  readonly dataDir: string
  readonly random: Random
  /** For tests: readers other than those of this machine. */
  readonly openReaders?: () => Promise<CardReaders>
}

/**
 * The cards that a person can use here: those in readers, in the simulator environment the simulated ones before them. Outside of it
 * a machine that cannot use readers is an error at once (`NO_READER_LIBRARY`).
 */
export async function cardsFor(config: CardsConfig): Promise<CardSource> {
  const { environment, dataDir, random, openReaders = openCardReaders } = config
  if (environment !== 'simulator') return openReaders()
  const simulated = simulatedCards(dataDir, random)
  const readers = await orNothing(openReaders(), undefined)
  return readers ? both(simulated, readers) : simulated
}

function both(simulated: CardSource, readers: CardReaders): CardSource {
  return {
    ...simulated,
    list: async () => [
      ...(await simulated.list()),
      // Simulated cards need no reader, so a machine without one lacks nothing here.
      ...(await orNothing(readers.list(), [])),
    ],
    open: (id) => (isReaderCard(id) ? readers : simulated).open(id),
    close: () => readers.close(),
  }
}

async function orNothing<T, N>(found: Promise<T>, nothing: N): Promise<T | N> {
  try {
    return await found
  } catch (error) {
    if (!(error instanceof CardError)) throw error
    return nothing
  }
}
