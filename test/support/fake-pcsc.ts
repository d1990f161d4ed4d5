import { EventEmitter } from 'node:events'
import type { PcscCard, PcscLibrary, PcscReader } from '../../services/card/pcsc-transport.ts'
import type { CardTransport } from '../../services/card/transport.ts'

const PRESENT = 32
const EXCLUSIVE = 1
const RESET = 1

/** A reader of the fake library; a test puts cards on it and takes them away. */
export class FakeReader extends EventEmitter implements PcscReader {
  /** Each connection powers the card up anew. */
  power: (() => CardTransport) | undefined
  /** How connecting fails, by the library's name for it. */
  fault: string | undefined
  /** What was done with the card, in order. */
  readonly done: string[] = []
  readonly #name: string

  constructor(name: string, power?: () => CardTransport) {
    super()
    this.#name = name
    this.power = power
  }

  name(): string {
    return this.#name
  }

  tell(): void {
    const present = this.power !== undefined
    this.emit('change', { has: (flag: number) => present && flag === PRESENT })
  }

  async connect(mode: number): Promise<PcscCard> {
    this.done.push(`connect ${mode === EXCLUSIVE ? 'exclusive' : 'shared'}`)
    if (this.fault !== undefined) throw pcscError(this.fault)
    const card = this.power?.()
    if (card === undefined) throw pcscError('NoSmartCard')
    return {
      transmit: (apdu) => {
        if (this.power === undefined) throw pcscError('RemovedCard')
        return card.transmit(apdu)
      },
      disconnect: async (then) => {
        this.done.push(then === RESET ? 'reset' : 'leave')
        await card.close()
      },
    }
  }
}

export function pcscError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

export interface FakePcsc {
  readonly library: PcscLibrary
  readonly readers: FakeReader[]
  /** `start` throws it when set. */
  fault: string | undefined
  /** Clients that were started and not stopped. */
  running: number
  starts: number
  /** Whether the service has ended under its clients, which can then not be stopped in order. */
  ended: boolean
  /** The service ends. */
  fail(): void
}

/** `pcsc-mini` with the readers that a test gives it. */
export function fakePcsc(...readers: FakeReader[]): FakePcsc {
  const clients = new Set<FakeClient>()
  class FakeClient extends EventEmitter {
    start(): void {
      if (fake.fault !== undefined) throw pcscError(fake.fault)
      fake.starts++
      fake.ended = false
      fake.running++
      clients.add(this)
      setImmediate(() => {
        for (const reader of fake.readers) {
          this.emit('reader', reader)
          reader.tell()
        }
      })
    }
    stop(): void {
      fake.running--
      clients.delete(this)
      if (fake.ended) throw pcscError('InvalidHandle')
    }
  }
  const fake: FakePcsc = {
    library: {
      Client: FakeClient,
      CardMode: { EXCLUSIVE },
      CardDisposition: { RESET },
      ReaderStatus: { PRESENT },
    },
    readers,
    fault: undefined,
    running: 0,
    starts: 0,
    ended: false,
    fail: () => {
      fake.ended = true
      for (const client of clients) client.emit('error', pcscError('ServiceStopped'))
    },
  }
  return fake
}
