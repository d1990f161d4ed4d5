import type { KeyObject } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type CommandApdu, encodeResponse, parseCommand } from '../card/apdu.ts'
import { CardError } from '../card/card-error.ts'
import type { CardTransport } from '../card/transport.ts'
import { constantTimeEqual, toHex, utf8 } from '../kernel/bytes.ts'
import type { Random } from '../kernel/random.ts'
import {
  cardApplications,
  type CardApplication,
  type ElementaryFile,
  JPKI_AP,
} from './card-contents.ts'
import { type CardFile, MAX_TRIES, type PinMemory, type PinName } from './card-file.ts'
import { cardSignature } from './card-signature.ts'

export interface SimulatedCardOptions {
  readonly random: Random
  /** What selecting JPKI-AP again does to PINs that were verified: clients must bear both. */
  readonly reselect?: 'keeps' | 'clears'
  /** What each command takes, as on the contactless way; nothing when absent. */
  readonly latencyMilliseconds?: number
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

/** A card written before it had this PIN. */
const NO_PIN = { pin: '', triesLeft: 0 }

/** What a PIN may be changed to; 照合番号B is printed on the card. */
const PIN_FORM: Partial<Record<PinName, RegExp>> = {
  authentication: /^\d{4}$/,
  signature: /^[A-Z0-9]{6,16}$/,
  text: /^\d{4}$/,
}

/**
 * A My Number Card, or a phone in its place, answering APDUs in process. PIN counters outlive power, verified PINs do not. How a
 * phone lets go of the PIN for biometrics is invented: its owner has unlocked it before the application is selected.
 */
export class SimulatedCard implements CardTransport {
  readonly #applications: ReadonlyMap<string, CardApplication>
  readonly #biometrics: boolean
  readonly #pins: PinMemory
  readonly #options: SimulatedCardOptions
  #application: CardApplication | undefined
  #current: ElementaryFile | undefined
  readonly #verified = new Set<PinName>()
  #inField = true

  constructor(card: CardFile, pins: PinMemory, options: SimulatedCardOptions) {
    this.#applications = cardApplications(card)
    this.#biometrics = card.biometrics === true
    this.#pins = pins
    this.#options = options
  }

  async transmit(apdu: Uint8Array): Promise<Uint8Array> {
    const { latencyMilliseconds = 0 } = this.#options
    if (latencyMilliseconds > 0) await delay(latencyMilliseconds)
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
    const application = this.#applications.get(aid)
    if (!application) return NO_SUCH_FILE
    if (p2 !== 0x0c && p2 !== 0x00) return WRONG_P1_P2
    if (application !== this.#application || this.#options.reselect === 'clears') {
      this.#verified.clear()
    }
    this.#application = application
    this.#current = undefined
    if (this.#biometrics && aid === JPKI_AP) this.#verified.add('authentication')
    return OK
  }

  #selectFile(id: number): Reply {
    const file = this.#application?.files.get(id)
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
    if (file.opensWith && !file.opensWith.some((pin) => this.#verified.has(pin))) {
      return SECURITY_STATUS
    }
    const offset = bySfi ? p2 : (p1 << 8) | p2
    if (offset >= file.bytes.length) return PAST_THE_END
    return { data: file.bytes.slice(offset, offset + Math.min(le, 256)) }
  }

  #verify({ p1, p2, data }: CommandApdu): Reply {
    if (p1 !== 0x00) return WRONG_P1_P2
    const file = this.#referenced('pin', p2)
    if (typeof file === 'number') return file
    const triesLeft = this.#pins.load()[file.pin]?.triesLeft ?? 0
    if (!data) {
      // A question, not a try. ISO/IEC 7816-4 §7.5.6: 9000 when there is nothing to verify.
      return this.#biometrics && file.pin === 'authentication' ? OK : 0x63c0 | triesLeft
    }
    if (data.length > 16) return WRONG_LENGTH
    return triesLeft === 0 ? BLOCKED : this.#present(file.pin, data)
  }

  #present(name: PinName, given: Uint8Array): Reply {
    const pins = this.#pins.load()
    const { pin, triesLeft } = pins[name] ?? NO_PIN
    const left = triesLeft - 1
    // The try is paid before the compare: pulling the card in between must not give one for nothing.
    this.#pins.save({ ...pins, [name]: { pin, triesLeft: left } })
    if (!constantTimeEqual(utf8(pin), given)) {
      this.#verified.delete(name)
      return 0x63c0 | left
    }
    this.#pins.save({ ...pins, [name]: { pin, triesLeft: MAX_TRIES[name] } })
    this.#verified.add(name)
    return OK
  }

  #changePin({ p1, p2, data }: CommandApdu): Reply {
    if (p1 !== 0x01) return WRONG_P1_P2
    const file = this.#referenced('pin', p2)
    if (typeof file === 'number') return file
    if (!this.#verified.has(file.pin)) return SECURITY_STATUS
    if (!data) return WRONG_LENGTH
    const form = PIN_FORM[file.pin]
    if (!form) return CONDITIONS
    const pin = new TextDecoder('latin1').decode(data)
    if (!form.test(pin)) return WRONG_DATA
    this.#pins.save({ ...this.#pins.load(), [file.pin]: { pin, triesLeft: MAX_TRIES[file.pin] } })
    return OK
  }

  #sign({ p1, p2, data }: CommandApdu): Reply {
    const ownKey = p2 === 0x00 ? this.#application?.ownKey : undefined
    if (ownKey) return p1 === 0x00 ? this.#signature(p1, ownKey, data) : WRONG_P1_P2
    const file = this.#referenced('key', p2)
    if (typeof file === 'number') return file
    if (p1 > 0x05) return WRONG_P1_P2
    if (!data) return WRONG_LENGTH
    if (!this.#verified.has(file.opensWith)) return SECURITY_STATUS
    return this.#signature(p1, file.key, data)
  }

  #signature(p1: number, key: KeyObject, data: Uint8Array | undefined): Reply {
    if (!data) return WRONG_LENGTH
    const signature = cardSignature(p1, key, data, this.#options.random)
    if (signature === 'unknown') return WRONG_P1_P2
    return signature === 'wrong-length' ? WRONG_LENGTH : { data: signature }
  }

  #challenge({ p1, p2, data, le }: CommandApdu): Reply {
    if (p1 !== 0 || p2 !== 0) return WRONG_P1_P2
    if (data || le === undefined || le > 256) return WRONG_LENGTH
    return this.#application ? { data: this.#options.random.bytes(le) } : CONDITIONS
  }

  /** The key or PIN that P2 means: 80 the current file, 80+SFI that one, which becomes current. */
  #referenced<Type extends 'key' | 'pin'>(
    type: Type,
    p2: number,
  ): Extract<ElementaryFile, { type: Type }> | number {
    if (p2 < 0x80 || p2 > 0x9f) return WRONG_P1_P2
    const sfi = p2 & 0x1f
    if (sfi !== 0) {
      const named = this.#application?.files.get(sfi)
      if (named?.type !== type) return NO_SUCH_OBJECT
      this.#current = named
    }
    const file = this.#current
    if (!file) return NO_CURRENT_FILE
    return isOf(file, type) ? file : WRONG_KIND_OF_FILE
  }
}

function isOf<Type extends ElementaryFile['type']>(
  file: ElementaryFile,
  type: Type,
): file is Extract<ElementaryFile, { type: Type }> {
  return file.type === type
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
