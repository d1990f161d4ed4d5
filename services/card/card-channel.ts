import { concatBytes, fromHex, toHex, utf8 } from '../kernel/bytes.ts'
import type { Secret } from '../kernel/secret.ts'
import { type CommandApdu, encodeCommand, parseResponse, type ResponseApdu } from './apdu.ts'
import { CardError } from './card-error.ts'
import type { CardTransport } from './transport.ts'

const ISSUER_SECURITY_DOMAIN = fromHex('a0000001510000')
const READ_LENGTH = 256

/** What every application of the card has in common: selecting, reading, PINs. One application is current at a time. */
export class CardChannel {
  readonly #transport: CardTransport

  constructor(transport: CardTransport) {
    this.#transport = transport
  }

  /** Whether the card has this application, which is then current. A card is known by that, never by its ATR. */
  async selectApplication(aid: Uint8Array): Promise<boolean> {
    const { sw } = await this.send({ cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x0c, data: aid })
    return sw === 0x9000
  }

  async selectFile(file: number): Promise<void> {
    const data = Uint8Array.of(file >> 8, file & 0xff)
    const { sw } = await this.send({ cla: 0x00, ins: 0xa4, p1: 0x02, p2: 0x0c, data })
    if (sw !== 0x9000) throw unexpected(sw, 'a file of the application')
  }

  /** Up to `le` bytes of the current file. */
  async read(offset: number, le: number): Promise<Uint8Array> {
    const command = { cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le }
    const { data, sw } = await this.send(command)
    // 6282: the file ended before Le bytes were read.
    if (sw !== 0x9000 && sw !== 0x6282) throw unexpected(sw, 'the content of a file')
    return data
  }

  /** The current file without what it is padded with; `lengthOf` reads the whole length from its first bytes. */
  async readWhole(lengthOf: (start: Uint8Array) => number): Promise<Uint8Array> {
    const first = await this.read(0, READ_LENGTH)
    const length = lengthOf(first)
    const parts = [first]
    for (let read = first.length; read < length;) {
      const part = await this.read(read, READ_LENGTH)
      if (part.length === 0) throw new CardError('CARD_PROTOCOL', 'expected the whole file')
      parts.push(part)
      read += part.length
    }
    return concatBytes(...parts).slice(0, length)
  }

  /** How often a wrong value may still be given for the PIN that is the current file; 0 = locked, `open` = verified. Costs no try. */
  async triesLeft(): Promise<number | 'open'> {
    const { sw } = await this.send({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80 })
    if (sw === 0x9000) return 'open'
    if (sw === 0x6984 || sw === 0x6983) return 0
    if ((sw & 0xfff0) !== 0x63c0) throw unexpected(sw, 'the number of tries left')
    return sw & 0x0f
  }

  /**
   * Presents the PIN that is the current file, unless it is open already. Nothing is sent when it is locked (`PIN_LOCKED`), or when
   * one try is left and `useLastTry` is not set (`PIN_LAST_TRY`). `PIN_WRONG` says how many tries are left.
   */
  async verify(pin: Secret<string>, options: { readonly useLastTry?: boolean }): Promise<void> {
    const tries = await this.triesLeft()
    if (tries === 'open') return
    if (tries === 0) throw locked()
    if (tries === 1 && options.useLastTry !== true) {
      throw new CardError('PIN_LAST_TRY', 'one try is left', { triesLeft: 1 })
    }
    const data = utf8(pin.reveal())
    const { sw } = await this.send({ cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80, data })
    if (sw === 0x9000) return
    if (sw === 0x6984 || sw === 0x6983 || sw === 0x63c0) throw locked()
    if ((sw & 0xfff0) === 0x63c0) {
      throw new CardError('PIN_WRONG', 'the PIN is wrong', { triesLeft: sw & 0x0f })
    }
    throw unexpected(sw, 'an answer about the PIN')
  }

  /** PSO: COMPUTE DIGITAL SIGNATURE; `p2` names the key, `p1` what the card makes of `input`: 00, a DigestInfo, is only padded. */
  async sign(p2: number, input: Uint8Array, p1 = 0x00): Promise<Uint8Array> {
    const command = { cla: 0x80, ins: 0x2a, p1, p2, data: input, le: 256 }
    const { data: signature, sw } = await this.send(command)
    if (sw !== 0x9000 || signature.length === 0) throw unexpected(sw, 'a signature')
    return signature
  }

  /** Leaves the application, so that the verified PINs are forgotten, and lets go of the card. */
  async close(): Promise<void> {
    try {
      await this.selectApplication(ISSUER_SECURITY_DOMAIN)
    } catch (error) {
      // A card that is gone has forgotten them by itself.
      if (!(error instanceof CardError && error.code === 'CARD_REMOVED')) throw error
    } finally {
      await this.#transport.close()
    }
  }

  /** One command with what readers may make of it: 6Cxx wants another Le, 61xx has more to fetch. */
  async send(command: CommandApdu): Promise<ResponseApdu> {
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

/**
 * Selects the first of the applications that the card has over `transport`, which is let go of when it has none (`NOT_A_JPKI_CARD`)
 * or does not answer: a reader is held by one caller alone.
 */
export async function openApplication<T extends { readonly aid: Uint8Array }>(
  transport: CardTransport,
  applications: readonly T[],
): Promise<{ readonly channel: CardChannel; readonly application: T }> {
  const channel = new CardChannel(transport)
  try {
    for (const application of applications) {
      if (await channel.selectApplication(application.aid)) return { channel, application }
    }
    throw new CardError('NOT_A_JPKI_CARD', 'expected a My Number Card with this application')
  } catch (error) {
    await transport.close()
    throw error
  }
}

function locked(): CardError {
  return new CardError('PIN_LOCKED', 'the PIN is locked', { triesLeft: 0 })
}

function unexpected(sw: number, expected: string): CardError {
  const status = toHex(Uint8Array.of(sw >> 8, sw & 0xff)).toUpperCase()
  return new CardError('CARD_PROTOCOL', `expected ${expected}, the card said ${status}`)
}
