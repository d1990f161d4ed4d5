import { concatBytes, fromHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { Secret } from '../kernel/secret.ts'
import { type CardChannel, openApplication } from './card-channel.ts'
import { CardError } from './card-error.ts'
import type { CardTransport } from './transport.ts'

/** 署名用 (`signature`, 6 to 16 letters and digits) or 利用者証明用 (`authentication`, 4 digits). */
export type CardKeyUse = 'signature' | 'authentication'

/** What holds the keys, by the label on it: a hint, no proof. */
export type TokenType = 'card' | 'android' | 'iphone'

export const JPKI_AP = fromHex('d392f000260100000001')
const TOKEN_INFORMATION = 0x0006
const AVAILABILITY = 0x0008
const FILES = {
  authentication: { certificate: 0x000a, key: 0x0017, pin: 0x0018 },
  signature: { certificate: 0x0001, key: 0x001a, pin: 0x001b },
} as const
const PIN_FORM = { authentication: /^\d{4}$/, signature: /^[A-Z0-9]{6,16}$/ } as const
const TOKEN_LABELS: Readonly<Record<string, TokenType>> = {
  JPKIAPICCTOKEN: 'card',
  JPKIAPICCTOKEN2: 'card',
  JPKIAPGPSETOKEN: 'android',
  JPKIAPIOSTOKEN: 'iphone',
}
/** A certificate is under 2 kB; what claims more is no certificate of JPKI. */
const MAX_CERTIFICATE = 8 * 1024
/** P2 of a signature: the key that is the current file. */
export const CURRENT_KEY = 0x80
const SHA256_DIGEST_INFO = fromHex('3031300d060960864801650304020105000420')

/** An application with the two certificates and their keys: how it is found, and how it is made to sign a message. */
export interface JpkiApplication {
  readonly aid: Uint8Array
  /** With the key that is the current file. */
  sign(channel: CardChannel, message: Uint8Array): Promise<Uint8Array>
}

/** JPKI-AP of the card in use: sha256WithRSAEncryption, the client hashes. */
export const JPKI_APPLICATION: JpkiApplication = {
  aid: JPKI_AP,
  sign: (channel, message) => channel.sign(CURRENT_KEY, sha256DigestInfo(message)),
}

/**
 * Client of JPKI-AP on a My Number Card. The application is selected once, since cards differ in what selecting it again
 * does to verified PINs. It holds no way to any other application of the card.
 */
export class JpkiCard {
  readonly #channel: CardChannel
  readonly #application: JpkiApplication

  private constructor(channel: CardChannel, application: JpkiApplication) {
    this.#channel = channel
    this.#application = application
  }

  /** Selects the first of `applications` that the card has; `NOT_A_JPKI_CARD` when it has none. */
  static async open(
    transport: CardTransport,
    applications: readonly JpkiApplication[] = [JPKI_APPLICATION],
  ): Promise<JpkiCard> {
    const { channel, application } = await openApplication(transport, applications)
    return new JpkiCard(channel, application)
  }

  /** `card` for a label that is not known: the hint claims no more than what everybody has. */
  async tokenType(): Promise<TokenType> {
    await this.#channel.selectFile(TOKEN_INFORMATION)
    const label = new TextDecoder('latin1').decode((await this.#channel.read(0, 32)).slice(0, 32))
    return TOKEN_LABELS[label.trimEnd()] ?? 'card'
  }

  /** Whether the card has this certificate and its key. */
  async has(use: CardKeyUse): Promise<boolean> {
    await this.#channel.selectFile(AVAILABILITY)
    const flags = await this.#channel.read(0, 3)
    return flags[use === 'signature' ? 0 : 1] === 0x8f
  }

  /** How often a wrong PIN may still be given; 0 = locked, `open` = nothing to give (a phone that took biometrics). Costs no try. */
  async triesLeft(use: CardKeyUse): Promise<number | 'open'> {
    await this.#selectOf(use, 'pin')
    return this.#channel.triesLeft()
  }

  /**
   * Presents the PIN. Nothing is sent when it cannot be right (`PIN_MALFORMED`), when it is locked (`PIN_LOCKED`), or when one
   * try is left and `useLastTry` is not set (`PIN_LAST_TRY`). `PIN_WRONG` says how many tries are left.
   */
  async verifyPin(
    use: CardKeyUse,
    pin: Secret<string>,
    options: { readonly useLastTry?: boolean } = {},
  ): Promise<void> {
    const text = use === 'signature' ? pin.reveal().toUpperCase() : pin.reveal()
    if (!PIN_FORM[use].test(text)) throw new CardError('PIN_MALFORMED', PIN_EXPECTED[use])
    await this.#selectOf(use, 'pin')
    await this.#channel.verify(new Secret(text), options)
  }

  /** The certificate's DER, without what the file is padded with. The 署名用 one and those on a phone need the PIN. */
  async readCertificate(use: CardKeyUse): Promise<Uint8Array> {
    await this.#selectOf(use, 'certificate')
    return this.#channel.readWhole(derLength)
  }

  /** Signature over the message by the algorithm of the card's keys; the PIN must have been verified. */
  async sign(use: CardKeyUse, message: Uint8Array): Promise<Uint8Array> {
    await this.#selectOf(use, 'key')
    return this.#application.sign(this.#channel, message)
  }

  /** Leaves the application, so that the verified PINs are forgotten, and lets go of the card. */
  async close(): Promise<void> {
    await this.#channel.close()
  }

  async #selectOf(use: CardKeyUse, part: 'certificate' | 'key' | 'pin'): Promise<void> {
    if (use === 'signature' && !(await this.has('signature'))) {
      throw new CardError('NO_SIGNATURE_CERTIFICATE', 'the card has no signature certificate')
    }
    await this.#channel.selectFile(FILES[use][part])
  }
}

const PIN_EXPECTED = {
  authentication: 'expected 4 digits',
  signature: 'expected 6 to 16 letters and digits',
} as const

/** DigestInfo of RFC 8017 §9.2; cards and verifiers want the NULL in it. */
export function sha256DigestInfo(message: Uint8Array): Uint8Array {
  return concatBytes(SHA256_DIGEST_INFO, sha256(message))
}

/** Whole length of the outer SEQUENCE, from its header. */
function derLength(start: Uint8Array): number {
  const [tag, form, high, low] = start
  if (tag !== 0x30 || form !== 0x82 || high === undefined || low === undefined) {
    throw new CardError('CARD_PROTOCOL', 'expected a certificate')
  }
  const length = 4 + ((high << 8) | low)
  if (length > MAX_CERTIFICATE) throw new CardError('CARD_PROTOCOL', 'expected a certificate')
  return length
}
