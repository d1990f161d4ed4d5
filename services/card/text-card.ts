import { fromHex } from '../kernel/bytes.ts'
import type { Secret } from '../kernel/secret.ts'
import { type CardChannel, openApplication } from './card-channel.ts'
import { CardError } from './card-error.ts'
import { sha256DigestInfo } from './jpki-card.ts'
import { objectLength } from './tlv.ts'
import type { CardTransport } from './transport.ts'

/** The PIN of the application (4 digits), or 照合番号B (14 digits, printed on the card). */
export type TextPin = 'pin' | 'referenceB'

/** What the card said, not verified yet. */
export interface TextEvidence {
  /** EF 0002, 0003, 0004 and 0007. */
  readonly attributes: Uint8Array
  readonly integrity: Uint8Array
  readonly certificate: Uint8Array
  readonly signedKey: Uint8Array
}

const TEXT_AP = fromHex('d3921000310001010408')
/**
 * INVARIANT: every file that this client can select. EF 0001 (個人番号) is not among them and is never read: the law restricts
 * who may handle that number.
 */
const FILES = {
  attributes: 0x0002,
  integrity: 0x0003,
  certificate: 0x0004,
  signedKey: 0x0007,
  pin: 0x0011,
  referenceB: 0x0015,
} as const
const PIN_FORM = { pin: /^\d{4}$/, referenceB: /^\d{14}$/ } as const
const PIN_EXPECTED = { pin: 'expected 4 digits', referenceB: 'expected 14 digits' } as const
const MAX_FILE = 4 * 1024
/** P2 of a signature: the application's own key. */
const OWN_KEY = 0x00

/** Client of 券面事項入力補助AP: the four attributes and what proves them. */
export class TextCard {
  readonly #channel: CardChannel

  private constructor(channel: CardChannel) {
    this.#channel = channel
  }

  /** Selects the application; `NOT_A_JPKI_CARD` when there is none, as on a phone. */
  static async open(transport: CardTransport): Promise<TextCard> {
    return new TextCard((await openApplication(transport, [{ aid: TEXT_AP }])).channel)
  }

  /** How often a wrong value may still be given; 0 = locked. Costs no try. */
  async triesLeft(pin: TextPin): Promise<number | 'open'> {
    await this.#channel.selectFile(FILES[pin])
    return this.#channel.triesLeft()
  }

  /** Presents a PIN, with the rules of `JpkiCard.verifyPin`. */
  async verifyPin(
    pin: TextPin,
    value: Secret<string>,
    options: { readonly useLastTry?: boolean } = {},
  ): Promise<void> {
    if (!PIN_FORM[pin].test(value.reveal())) {
      throw new CardError('PIN_MALFORMED', PIN_EXPECTED[pin])
    }
    await this.#channel.selectFile(FILES[pin])
    await this.#channel.verify(value, options)
  }

  /** The four attributes and their proofs; one of the PINs must have been verified. */
  async read(): Promise<TextEvidence> {
    return {
      attributes: await this.#read('attributes'),
      integrity: await this.#read('integrity'),
      certificate: await this.#read('certificate'),
      signedKey: await this.#read('signedKey'),
    }
  }

  /** sha256WithRSAEncryption by the application's own key, without a PIN: proof that the card is there. */
  async signChallenge(challenge: Uint8Array): Promise<Uint8Array> {
    return this.#channel.sign(OWN_KEY, sha256DigestInfo(challenge))
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  async #read(file: keyof TextEvidence): Promise<Uint8Array> {
    await this.#channel.selectFile(FILES[file])
    return this.#channel.readWhole((start) => {
      const length = objectLength(start)
      if (length > MAX_FILE) throw new CardError('CARD_PROTOCOL', 'expected a smaller file')
      return length
    })
  }
}
