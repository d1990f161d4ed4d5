import { connect, type Socket } from 'node:net'
import { concatBytes } from '../kernel/bytes.ts'
import { Unavailable } from '../kernel/errors.ts'

/** A card as a virtual reader uses it. */
export interface InsertableCard {
  transmit(command: Uint8Array): Promise<Uint8Array>
  /** Power off and on, or a reset. */
  reset(): void
}

export interface VirtualReader {
  readonly host: string
  /** 35963 is the first slot of vpcd, 35964 the second. */
  readonly port: number
}

export interface InsertedCard {
  /** Resolves when the reader lets go of the card, or the card was taken out. */
  readonly removed: Promise<void>
  takeOut(): void
}

/** Answer To Reset of a My Number Card at a contact reader, as OpenSC knows it. */
const ATR = Uint8Array.of(0x3b, 0xe0, 0x00, 0xff, 0x81, 0x31, 0xfe, 0x45, 0x14)
const CONTROL = { off: 0, on: 1, reset: 2, atr: 4 } as const

/**
 * Puts a card into a slot of the virtual reader of vsmartcard (vpcd), so that any PC/SC program meets it. Each frame is a
 * length of two octets and what follows; one octet alone is a control.
 *
 * @throws Unavailable when no virtual reader listens there
 */
export async function insertCard(
  card: InsertableCard,
  { host, port }: VirtualReader,
): Promise<InsertedCard> {
  const socket = await connected(host, port)
  const removed = answer(socket, card).finally(() => {
    card.reset()
    socket.destroy()
  })
  return { removed, takeOut: () => void socket.end() }
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause) =>
      reject(new Unavailable(`expected a virtual reader (vpcd) at ${host}:${port}`, { cause })),
    )
  })
}

async function answer(socket: Socket, card: InsertableCard): Promise<void> {
  let received: Uint8Array = new Uint8Array()
  try {
    for await (const chunk of socket) {
      received = concatBytes(received, chunk as Buffer) // a socket without an encoding gives buffers
      for (let frame = firstFrame(received); frame !== null; frame = firstFrame(received)) {
        received = received.subarray(2 + frame.length)
        const reply = await replyTo(frame, card)
        if (reply !== null) socket.write(framed(reply))
      }
    }
  } catch (error) {
    // The reader's end of the line is gone: the card is out.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}

function firstFrame(bytes: Uint8Array): Uint8Array | null {
  const [high, low] = bytes
  if (high === undefined || low === undefined) return null
  const end = 2 + ((high << 8) | low)
  return bytes.length < end ? null : bytes.subarray(2, end)
}

function framed(payload: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(payload.length >> 8, payload.length & 0xff), payload)
}

async function replyTo(frame: Uint8Array, card: InsertableCard): Promise<Uint8Array | null> {
  if (frame.length !== 1) return card.transmit(frame)
  if (frame[0] === CONTROL.atr) return ATR
  card.reset()
  return null
}
