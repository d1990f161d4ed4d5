import { setTimeout as delay } from 'node:timers/promises'
import type { CardReaders } from '../../services/card/pcsc-transport.ts'
import type { CardChoice } from '../../services/card/transport.ts'

/** The cards, once there are `count`: a reader looks for them a few times a second. */
export async function cardsInReaders(
  readers: CardReaders,
  count: number,
): Promise<readonly CardChoice[]> {
  for (let looks = 0; looks < 50; looks++) {
    const listed = await readers.list()
    if (listed.length === count) return listed
    await delay(100)
  }
  throw new Error(`expected ${count} cards`)
}
