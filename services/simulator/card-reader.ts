import { CardError } from '../card/card-error.ts'
import type { CardSource } from '../card/transport.ts'
import { NotFound } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import { SimulatedCard } from './card.ts'
import { type CardFile, cardRack } from './card-file.ts'
import { SAMPLE_PINS } from './people.ts'

const KIND = {
  card: { ja: 'カード', en: 'card' },
  next: { ja: '次期カード（架空の仕様）', en: 'next card (invented)' },
  android: { ja: 'スマホ', en: 'phone' },
  iphone: { ja: 'iPhone', en: 'iPhone' },
} as const

/** The simulated cards in `<dataDir>/simulator/cards`, as something a card client can choose from. */
export function simulatedCards(dataDir: string, random: Random): CardSource {
  const rack = cardRack(dataDir)
  return {
    notice: {
      ja: `見本カードの暗証番号：利用者証明用 ${SAMPLE_PINS.authentication}、署名用 ${SAMPLE_PINS.signature}`,
      en: `PINs of the sample cards: authentication ${SAMPLE_PINS.authentication}, signature ${SAMPLE_PINS.signature}`,
    },
    list: async () =>
      rack.list().map((card) => {
        const { id, title } = card
        const { ja, en } = KIND[kindOf(card)]
        return { id, title: { ja: `${title.ja} ${ja}`, en: `${title.en}, ${en}` } }
      }),
    open: async (id) => {
      try {
        return new SimulatedCard(rack.card(id), rack.pins(id), { random })
      } catch (error) {
        if (!(error instanceof NotFound)) throw error
        throw new CardError('CARD_REMOVED', 'the card is not there', { cause: error })
      }
    },
    close: () => undefined,
  }
}

function kindOf({ kind, phone = 'android', generation }: CardFile): keyof typeof KIND {
  if (kind === 'phone') return phone
  return generation === 'next' ? 'next' : 'card'
}
