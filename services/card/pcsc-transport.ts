import { setTimeout as delay } from 'node:timers/promises'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { CardChannel } from './card-channel.ts'
import { CardError } from './card-error.ts'
import { JPKI_AP } from './jpki-card.ts'
import type { CardChoice, CardSource, CardTransport } from './transport.ts'

/** What is used of `pcsc-mini`; its own types fit, and so does what a test makes. */
export interface PcscLibrary {
  readonly Client: new () => PcscClient
  readonly CardMode: { readonly EXCLUSIVE: number }
  readonly CardDisposition: { readonly RESET: number }
  readonly ReaderStatus: { readonly PRESENT: number }
}
export interface PcscClient {
  on(event: 'reader', listener: (reader: PcscReader) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  start(): unknown
  stop(): void
}
export interface PcscReader {
  name(): string
  connect(mode: number): Promise<PcscCard>
  on(event: 'change', listener: (status: PcscReaderStatus) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}
interface PcscReaderStatus {
  has(...flags: number[]): boolean
}
export interface PcscCard {
  transmit(apdu: Uint8Array): Promise<Uint8Array>
  disconnect(then: number): Promise<void>
}

/** The library is optional and has a program per platform. */
async function installedLibrary(): Promise<PcscLibrary> {
  return import('pcsc-mini')
}

/** The first reader is told within a few milliseconds, the others right after it; without a reader nothing is told. */
const FIRST_READER = 400
const OTHER_READERS = 40

/**
 * Opens the card readers of this machine. `CardError` `NO_READER_LIBRARY` when the optional package is not installed or has no
 * program for this platform; whether there is a service and a reader is seen when cards are listed.
 */
export async function openCardReaders(load = installedLibrary): Promise<CardReaders> {
  try {
    return new CardReaders(await load())
  } catch (cause) {
    const expected = 'expected the optional package `pcsc-mini` with its program for this machine'
    throw new CardError('NO_READER_LIBRARY', expected, { cause })
  }
}

/** The letter in upper case keeps these apart from the names of simulated cards. */
const READER_ID = /^Reader-[0-9a-f]{16}$/

/** Whether a card's id was given out by `CardReaders`. */
export function isReaderCard(id: string): boolean {
  return READER_ID.test(id)
}

interface Watched {
  readonly reader: PcscReader
  hasCard: boolean
}

/** My Number Cards in the readers of this machine, over PC/SC. */
export class CardReaders implements CardSource {
  readonly #library: PcscLibrary
  readonly #readers = new Map<string, Watched>()
  #client: PcscClient | undefined
  /** One look at the cards at a time: they are held exclusively while they are asked what they are. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(library: PcscLibrary) {
    this.#library = library
  }

  /**
   * Cards that have JPKI, and those that another program holds just now. `CardError` `NO_READER_SERVICE` when PC/SC does not
   * run, `NO_READER` when there is no reader.
   */
  list(): Promise<readonly CardChoice[]> {
    return this.#inTurn(async () => {
      await this.#watch()
      if (this.#readers.size === 0) throw new CardError('NO_READER', 'expected a card reader')
      const choices: CardChoice[] = []
      for (const [id, { reader, hasCard }] of this.#readers) {
        if (hasCard && (await this.#hasJpki(reader))) {
          const name = reader.name()
          choices.push({
            id,
            title: { ja: `カードリーダー（${name}）`, en: `Card reader (${name})` },
          })
        }
      }
      return choices
    })
  }

  /** `CardError` `CARD_IN_USE` when another program holds the card, `CARD_REMOVED` when there is none. */
  open(id: string): Promise<CardTransport> {
    return this.#inTurn(async () => {
      await this.#watch()
      const watched = this.#readers.get(id)
      if (!watched) throw new CardError('CARD_REMOVED', 'the card is not there')
      return this.#connect(watched.reader)
    })
  }

  close(): void {
    const client = this.#client
    this.#client = undefined
    this.#readers.clear()
    try {
      client?.stop()
    } catch {
      // The service is gone, and what there was to stop went with it.
    }
  }

  #inTurn<T>(look: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(look)
    this.#turn = result.catch(() => undefined) // the caller has the failure; the next turn is another's
    return result
  }

  async #watch(): Promise<void> {
    if (this.#client) return
    const client = new this.#library.Client()
    client.on('error', () => {
      // The service ended, for instance; the next look starts anew.
      if (this.#client === client) this.close()
    })
    const first = new Promise<void>((resolve) => {
      client.on('reader', (reader) => {
        this.#meet(reader)
        resolve()
      })
    })
    try {
      client.start()
    } catch (cause) {
      const expected = 'expected the card reader service of this machine (pcscd on Linux) to run'
      throw new CardError('NO_READER_SERVICE', expected, { cause })
    }
    this.#client = client
    await Promise.race([first, delay(FIRST_READER, undefined, { ref: false })])
    await delay(OTHER_READERS)
  }

  #meet(reader: PcscReader): void {
    const id = `Reader-${toHex(sha256(reader.name())).slice(0, 16)}`
    const watched: Watched = { reader, hasCard: false }
    this.#readers.set(id, watched)
    reader.on('change', (status) => {
      watched.hasCard = status.has(this.#library.ReaderStatus.PRESENT)
    })
    reader.on('disconnect', () => {
      if (this.#readers.get(id) === watched) this.#readers.delete(id)
    })
  }

  async #hasJpki(reader: PcscReader): Promise<boolean> {
    let transport: CardTransport | undefined
    try {
      transport = await this.#connect(reader)
      return await new CardChannel(transport).selectApplication(JPKI_AP)
    } catch (error) {
      if (!(error instanceof CardError)) throw error
      return error.code === 'CARD_IN_USE'
    } finally {
      await transport?.close()
    }
  }

  async #connect(reader: PcscReader): Promise<CardTransport> {
    const { CardMode, CardDisposition } = this.#library
    try {
      const card = await reader.connect(CardMode.EXCLUSIVE)
      return new PcscTransport(card, CardDisposition.RESET)
    } catch (cause) {
      if (Reflect.get(Object(cause), 'code') === 'SharingViolation') {
        throw new CardError('CARD_IN_USE', 'another program uses the card', { cause })
      }
      throw new CardError('CARD_REMOVED', 'the card is not there', { cause })
    }
  }
}

/** A card in a reader, held by us alone until `close`, which resets it. */
class PcscTransport implements CardTransport {
  #card: PcscCard | undefined
  readonly #reset: number

  constructor(card: PcscCard, reset: number) {
    this.#card = card
    this.#reset = reset
  }

  async transmit(apdu: Uint8Array): Promise<Uint8Array> {
    if (!this.#card) throw new CardError('CARD_REMOVED', 'the card was let go of')
    try {
      return await this.#card.transmit(apdu)
    } catch (cause) {
      // PC/SC has many names for a card that was moved while it was read; for the person they are one.
      throw new CardError('CARD_REMOVED', 'the card no longer answers', { cause })
    }
  }

  async close(): Promise<void> {
    const card = this.#card
    this.#card = undefined
    try {
      await card?.disconnect(this.#reset)
    } catch {
      // A card that cannot be reset any more has lost power, and its state with it.
    }
  }
}
