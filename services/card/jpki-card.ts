import { concatBytes, fromHex, toHex, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Secret } from '../kernel/secret.ts'
import { type CommandApdu, encodeCommand, parseResponse, type ResponseApdu } from './apdu.ts'
import { CardError } from './card-error.ts'
import type { CardTransport } from './transport.ts'

/** 署名用 (`signature`, 6 to 16 letters and digits) or 利用者証明用 (`authentication`, 4 digits). */
export type CardKeyUse = 'signature' | 'authentication'

/** What holds the keys, by the label on it: a hint, no proof. */
export type TokenType = 'card' | 'android' | 'iphone'

const JPKI_AP = fromHex('d392f000260100000001')
const ISSUER_SECURITY_DOMAIN = fromHex('a0000001510000')
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
const READ_LENGTH = 256
const SHA256_DIGEST_INFO = fromHex('3031300d060960864801650304020105000420')

/**
 * Client of JPKI-AP on a My Number Card. The application is selected once, since cards differ in what selecting it again
 * does to verified PINs. It holds no way to any other application of the card.
 */
export class JpkiCard {
  readonly #transport: CardTransport

  private constructor(transport: CardTransport) {
    this.#transport = transport
  }

  /** Selects the application; `NOT_A_JPKI_CARD` when the card has none. */
  static async open(transport: CardTransport): Promise<JpkiCard> {
    const card = new JpkiCard(transport)
    const { sw } = await card.#send({ cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data: JPKI_AP })
    if (sw !== 0x9000) throw new CardError('NOT_A_JPKI_CARD', 'expected a card with JPKI')
    return card
  }

  /** `card` for a label that is not known: the hint claims no more than what everybody has. */
  async tokenType(): Promise<TokenType> {
    await this.#select(TOKEN_INFORMATION)
    const label = new TextDecoder('latin1').decode((await this.#read(0, 32)).slice(0, 32))
    return TOKEN_LABELS[label.trimEnd()] ?? 'card'
  }

  /** Whether the card has this certificate and its key. */
  async has(use: CardKeyUse): Promise<boolean> {
    await this.#select(AVAILABILITY)
    const flags = await this.#read(0, 3)
    return flags[use === 'signature' ? 0 : 1] === 0x8f
  }

  /** How often a wrong PIN may still be given; 0 = locked. Costs no try. */
  async triesLeft(use: CardKeyUse): Promise<number> {
    await this.#selectOf(use, 'pin')
    const { sw } = await this.#send({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80 })
    if (sw === 0x6984 || sw === 0x6983) return 0
    if ((sw & 0xfff0) !== 0x63c0) throw unexpected(sw, 'the number of tries left')
    return sw & 0x0f
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
    const tries = await this.triesLeft(use)
    if (tries === 0) throw locked()
    if (tries === 1 && options.useLastTry !== true) {
      throw new CardError('PIN_LAST_TRY', 'one try is left', { triesLeft: 1 })
    }
    const { sw } = await this.#send({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80, data: utf8(text) })
    if (sw === 0x9000) return
    if (sw === 0x6984 || sw === 0x6983 || sw === 0x63c0) throw locked()
    if ((sw & 0xfff0) === 0x63c0) {
      throw new CardError('PIN_WRONG', 'the PIN is wrong', { triesLeft: sw & 0x0f })
    }
    throw unexpected(sw, 'an answer about the PIN')
  }

  /** The certificate's DER, without what the file is padded with. The 署名用 one and those on a phone need the PIN. */
  async readCertificate(use: CardKeyUse): Promise<Uint8Array> {
    await this.#selectOf(use, 'certificate')
    const first = await this.#read(0, READ_LENGTH)
    const length = derLength(first)
    const parts = [first]
    for (let read = first.length; read < length;) {
      const part = await this.#read(read, READ_LENGTH)
      if (part.length === 0) throw new CardError('CARD_PROTOCOL', 'expected the whole certificate')
      parts.push(part)
      read += part.length
    }
    return concatBytes(...parts).slice(0, length)
  }

  /** sha256WithRSAEncryption over the message; the PIN must have been verified. */
  async sign(use: CardKeyUse, message: Uint8Array): Promise<Uint8Array> {
    await this.#selectOf(use, 'key')
    const data = concatBytes(SHA256_DIGEST_INFO, sha256(message))
    const command = { cla: 0x80, ins: 0x2a, p1: 0x00, p2: 0x80, data, le: 256 }
    const { data: signature, sw } = await this.#send(command)
    if (sw !== 0x9000 || signature.length === 0) throw unexpected(sw, 'a signature')
    return signature
  }

  /** Leaves the application, so that the verified PINs are forgotten, and lets go of the card. */
  async close(): Promise<void> {
    try {
      const data = ISSUER_SECURITY_DOMAIN
      await this.#send({ cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data })
    } catch (error) {
      // A card that is gone has forgotten them by itself.
      if (!(error instanceof CardError && error.code === 'CARD_REMOVED')) throw error
    } finally {
      await this.#transport.close()
    }
  }

  async #selectOf(use: CardKeyUse, part: 'certificate' | 'key' | 'pin'): Promise<void> {
    if (use === 'signature' && !(await this.has('signature'))) {
      throw new CardError('NO_SIGNATURE_CERTIFICATE', 'the card has no signature certificate')
    }
    await this.#select(FILES[use][part])
  }

  async #select(file: number): Promise<void> {
    const data = Uint8Array.of(file >> 8, file & 0xff)
    const { sw } = await this.#send({ cla: 0x00, ins: 0xa4, p1: 0x02, p2: 0x0c, data })
    if (sw !== 0x9000) throw unexpected(sw, 'a file of JPKI')
  }

  async #read(offset: number, le: number): Promise<Uint8Array> {
    const command = { cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le }
    const { data, sw } = await this.#send(command)
    // 6282: the file ended before Le bytes were read.
    if (sw !== 0x9000 && sw !== 0x6282) throw unexpected(sw, 'the content of a file')
    return data
  }

  /** One command with what readers may make of it: 6Cxx wants another Le, 61xx has more to fetch. */
  async #send(command: CommandApdu): Promise<ResponseApdu> {
    let response = parseResponse(await this.#transport.transmit(encodeCommand(command)))
    if (response.sw >> 8 === 0x6c) {
      const le = response.sw & 0xff || 256
      response = parseResponse(await this.#transport.transmit(encodeCommand({ ...command, le })))
    }
    let data = response.data
    for (let rounds = 0; response.sw >> 8 === 0x61 && rounds < 64; rounds++) {
      const le = response.sw & 0xff || 256
      const more = { cla: command.cla & 0x03, ins: 0xc0, p1: 0, p2: 0, le }
      response = parseResponse(await this.#transport.transmit(encodeCommand(more)))
      data = concatBytes(data, response.data)
    }
    return { data, sw: response.sw }
  }
}

const PIN_EXPECTED = {
  authentication: 'expected 4 digits',
  signature: 'expected 6 to 16 letters and digits',
} as const

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

function locked(): CardError {
  return new CardError('PIN_LOCKED', 'the PIN is locked', { triesLeft: 0 })
}

function unexpected(sw: number, expected: string): CardError {
  const status = toHex(Uint8Array.of(sw >> 8, sw & 0xff)).toUpperCase()
  return new CardError('CARD_PROTOCOL', `expected ${expected}, the card said ${status}`)
}
