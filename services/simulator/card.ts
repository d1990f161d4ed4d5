import { type CommandApdu, encodeResponse, parseCommand } from '../card/apdu.ts'
import { CardError } from '../card/card-error.ts'
import type { CardTransport } from '../card/transport.ts'
import { constantTimeEqual, toHex, utf8 } from '../kernel/bytes.ts'
import type { Random } from '../kernel/random.ts'
import { cardContents, type ElementaryFile } from './card-contents.ts'
import { type CardFile, MAX_TRIES, type PinMemory } from './card-file.ts'
import { cardSignature } from './card-signature.ts'
import type { CertificateFamily } from './profile.ts'

const JPKI_AP = 'd392f000260100000001'
const ISSUER_SECURITY_DOMAIN = 'a0000001510000'

export interface SimulatedCardOptions {
  readonly random: Random
  /** What selecting JPKI-AP again does to PINs that were verified: clients must bear both. */
  readonly reselect?: 'keeps' | 'clears'
}

type Reply = number | { readonly data: Uint8Array }

const OK = 0x9000
const BLOCKED = 0x6984
const WRONG_LENGTH = 0x6700
const LOGICAL_CHANNEL = 0x6881
const SECURE_MESSAGING = 0x6882
const WRONG_KIND_OF_FILE = 0x6981
const SECURITY_STATUS = 0x6982
const CONDITIONS = 0x6985
const NO_CURRENT_FILE = 0x6986
const WRONG_DATA = 0x6a80
const NO_SUCH_FILE = 0x6a82
const WRONG_P1_P2 = 0x6a86
const NO_SUCH_OBJECT = 0x6a88
const PAST_THE_END = 0x6b00
const UNKNOWN_INSTRUCTION = 0x6d00
const UNKNOWN_CLASS = 0x6e00

const PIN_FORM = { authentication: /^\d{4}$/, signature: /^[A-Z0-9]{6,16}$/ } as const

/** A My Number Card's JPKI application answering APDUs in process. PIN counters outlive power, verified PINs do not. */
export class SimulatedCard implements CardTransport {
  readonly #files: ReadonlyMap<number, ElementaryFile>
  readonly #pins: PinMemory
  readonly #options: SimulatedCardOptions
  #application: typeof JPKI_AP | typeof ISSUER_SECURITY_DOMAIN | undefined
  #current: ElementaryFile | undefined
  readonly #verified = new Set<CertificateFamily>()
  #inField = true

  constructor(card: CardFile, pins: PinMemory, options: SimulatedCardOptions) {
    this.#files = cardContents(card)
    this.#pins = pins
    this.#options = options
  }

  async transmit(apdu: Uint8Array): Promise<Uint8Array> {
    if (!this.#inField) throw new CardError('CARD_REMOVED', 'the card was taken away')
    const command = parseCommand(apdu)
    const reply = command ? this.#answer(command) : WRONG_LENGTH
    return typeof reply === 'number'
      ? encodeResponse({ data: new Uint8Array(), sw: reply })
      : encodeResponse({ data: reply.data, sw: OK })
  }

  /** Power off and on, or a reset: what was selected and verified is forgotten. */
  reset(): void {
    this.#application = undefined
    this.#current = undefined
    this.#verified.clear()
  }

  /** Takes the card out of the field; every later command fails. */
  remove(): void {
    this.reset()
    this.#inField = false
  }

  async close(): Promise<void> {
    this.remove()
  }

  #answer(command: CommandApdu): Reply {
    const refused = refusedClass(command.cla)
    if (refused !== undefined) return refused
    switch ((command.cla << 8) | command.ins) {
      case 0x00a4:
        return this.#select(command)
      case 0x00b0:
        return this.#readBinary(command)
      case 0x0020:
        return this.#verify(command)
      case 0x0024:
        return this.#changePin(command)
      case 0x802a:
        return this.#sign(command)
      case 0x0084:
        return this.#challenge(command)
      case 0x00cb: // GET DATA: there is no object on the card that it could give
        return NO_SUCH_OBJECT
      default:
        return UNKNOWN_INSTRUCTION
    }
  }

  #select({ p1, p2, data }: CommandApdu): Reply {
    switch (p1) {
      case 0x00: // the master file: refused after a reset, and no change while an application is current
        return this.#application ? OK : WRONG_P1_P2
      case 0x04:
        return this.#selectApplication(toHex(data ?? new Uint8Array()), p2)
      case 0x02:
        if (p2 !== 0x0c) return WRONG_P1_P2
        return data?.length === 2 ? this.#selectFile(uint16(data)) : WRONG_LENGTH
      default:
        return WRONG_P1_P2
    }
  }

  #selectApplication(aid: string, p2: number): Reply {
    if (aid !== JPKI_AP && aid !== ISSUER_SECURITY_DOMAIN) return NO_SUCH_FILE
    if (p2 !== 0x0c && p2 !== 0x00) return WRONG_P1_P2
    if (aid !== this.#application || this.#options.reselect === 'clears') this.#verified.clear()
    this.#application = aid
    this.#current = undefined
    return OK
  }

  #selectFile(id: number): Reply {
    const file = this.#application === JPKI_AP ? this.#files.get(id) : undefined
    if (!file) return NO_SUCH_FILE
    this.#current = file
    return OK
  }

  #readBinary({ p1, p2, data, le }: CommandApdu): Reply {
    if (data || le === undefined) return WRONG_LENGTH
    const bySfi = (p1 & 0x80) !== 0
    if (bySfi && (p1 & 0x60) !== 0) return WRONG_P1_P2
    if (bySfi) {
      const selected = this.#selectFile(p1 & 0x1f)
      if (selected !== OK) return selected
    }
    const file = this.#current
    if (!file) return NO_CURRENT_FILE
    if (file.type !== 'transparent') return WRONG_KIND_OF_FILE
    if (!this.#isOpen(file.opensWith)) return SECURITY_STATUS
    const offset = bySfi ? p2 : (p1 << 8) | p2
    if (offset >= file.bytes.length) return PAST_THE_END
    return { data: file.bytes.slice(offset, offset + Math.min(le, 256)) }
  }

  #isOpen(pin: CertificateFamily | 'never' | undefined): boolean {
    return pin === undefined || (pin !== 'never' && this.#verified.has(pin))
  }

  #verify({ p1, p2, data }: CommandApdu): Reply {
    if (p1 !== 0x00) return WRONG_P1_P2
    const family = this.#referenced('pin', p2, 0x18, 0x1b)
    if (typeof family === 'number') return family
    const { triesLeft } = this.#pins.load()[family]
    if (!data) return 0x63c0 | triesLeft // a question, not a try
    if (data.length > 16) return WRONG_LENGTH
    return triesLeft === 0 ? BLOCKED : this.#present(family, data)
  }

  #present(family: CertificateFamily, given: Uint8Array): Reply {
    const pins = this.#pins.load()
    const { pin, triesLeft } = pins[family]
    const left = triesLeft - 1
    // The try is paid before the compare: pulling the card in between must not give one for nothing.
    this.#pins.save({ ...pins, [family]: { pin, triesLeft: left } })
    if (!constantTimeEqual(utf8(pin), given)) {
      this.#verified.delete(family)
      return 0x63c0 | left
    }
    this.#pins.save({ ...pins, [family]: { pin, triesLeft: MAX_TRIES[family] } })
    this.#verified.add(family)
    return OK
  }

  #changePin({ p1, p2, data }: CommandApdu): Reply {
    if (p1 !== 0x01) return WRONG_P1_P2
    const family = this.#referenced('pin', p2, 0x18, 0x1b)
    if (typeof family === 'number') return family
    if (!this.#verified.has(family)) return SECURITY_STATUS
    if (!data) return WRONG_LENGTH
    const pin = new TextDecoder('latin1').decode(data)
    if (!PIN_FORM[family].test(pin)) return WRONG_DATA
    this.#pins.save({ ...this.#pins.load(), [family]: { pin, triesLeft: MAX_TRIES[family] } })
    return OK
  }

  #sign({ p1, p2, data }: CommandApdu): Reply {
    const family = this.#referenced('key', p2, 0x17, 0x1a)
    if (typeof family === 'number') return family
    if (p1 > 0x05) return WRONG_P1_P2
    if (!data) return WRONG_LENGTH
    if (!this.#verified.has(family)) return SECURITY_STATUS
    if (this.#current?.type !== 'key') return WRONG_KIND_OF_FILE
    const signature = cardSignature(p1, this.#current.key, data, this.#options.random)
    if (signature === 'unknown') return WRONG_P1_P2
    return signature === 'wrong-length' ? WRONG_LENGTH : { data: signature }
  }

  #challenge({ p1, p2, data, le }: CommandApdu): Reply {
    if (p1 !== 0 || p2 !== 0) return WRONG_P1_P2
    if (data || le === undefined || le > 256) return WRONG_LENGTH
    return this.#application ? { data: this.#options.random.bytes(le) } : CONDITIONS
  }

  /** The key or PIN that P2 means: 80 the current file, 80+SFI that one, which becomes current. */
  #referenced(
    type: 'key' | 'pin',
    p2: number,
    ...sfis: readonly number[]
  ): CertificateFamily | number {
    if (p2 < 0x80 || p2 > 0x9f) return WRONG_P1_P2
    const sfi = p2 & 0x1f
    if (sfi !== 0) {
      if (!sfis.includes(sfi) || this.#selectFile(sfi) !== OK) return NO_SUCH_OBJECT
    }
    if (!this.#current) return NO_CURRENT_FILE
    return this.#current.type === type ? this.#current.family : WRONG_KIND_OF_FILE
  }
}

/** ISO/IEC 7816-4 §5.4.1: one channel, no secure messaging, and of the proprietary classes only 80. */
function refusedClass(cla: number): number | undefined {
  if (cla === 0x00 || cla === 0x80) return undefined
  if ((cla & 0x73) !== 0 && (cla & 0x7c) === 0) return LOGICAL_CHANNEL
  if ((cla & 0xe0) === 0 && (cla & 0x0c) !== 0) return SECURE_MESSAGING
  if ((cla & 0xc0) === 0x40) return LOGICAL_CHANNEL
  return UNKNOWN_CLASS
}

function uint16(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
}
