import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidInput, NotFound } from '../kernel/errors.ts'
import { readFileIfPresent, writeFileAtomically } from '../database/whole-file.ts'
import type { CardGeneration } from './generation.ts'
import type { PhoneKind, TokenKind } from './state.ts'

interface CardKey {
  /** Base64 DER. */
  readonly certificate: string
  /** Base64 PKCS #8. */
  readonly privateKey: string
}

/** 券面事項入力補助AP as the issuer wrote it: files and key in base64. */
export interface TextApplicationFile {
  /** EF 0001, which no client of ours reads. */
  readonly number: string
  /** EF 0002: 基本4情報. */
  readonly attributes: string
  /** EF 0003: digests of both, signed. */
  readonly integrity: string
  /** EF 0004: card-verifiable certificate of who signed. */
  readonly certificate: string
  /** EF 0007: public key of the application, signed. */
  readonly signedKey: string
  readonly privateKey: string
}

/** What the issuer writes onto a card. */
export interface CardFile {
  readonly version: 1
  readonly id: string
  readonly kind: TokenKind
  /** Of a card. */
  readonly generation?: CardGeneration
  readonly title: { readonly ja: string; readonly en: string }
  readonly authentication: CardKey
  /** Absent on a card without a 署名用 certificate. */
  readonly signature?: CardKey
  /** Absent on a phone, and on a next card, whose 券面等AP is left out. */
  readonly text?: TextApplicationFile
  /** On a phone: what it is; absent on one of before there were two kinds, which was Android. */
  readonly phone?: PhoneKind
  /** On a phone: its owner unlocks the 利用者証明用 key by biometrics instead of the PIN. */
  readonly biometrics?: boolean
  /** Base64 DER of the two CA certificates. */
  readonly authorities: { readonly authentication: string; readonly signature: string }
}

interface PinState {
  readonly pin: string
  readonly triesLeft: number
}
/** PINs of JPKI-AP by certificate; those of 券面事項入力補助AP: `text` (4 digits) and `referenceB` (照合番号B, printed on the card). */
export const MAX_TRIES = { authentication: 3, signature: 5, text: 3, referenceB: 10 } as const
export type PinName = keyof typeof MAX_TRIES

export interface PinStates extends Partial<Readonly<Record<PinName, PinState>>> {
  readonly authentication: PinState
  readonly signature: PinState
}

/** Memory of the card's PINs; it outlives loss of power. */
export interface PinMemory {
  readonly load: () => PinStates
  readonly save: (pins: PinStates) => void
}

/** The folder of cards: the issuer writes `card.json`, the card itself `pins.json`, so neither overwrites the other. */
export interface CardRack {
  list(): readonly CardFile[]
  card(id: string): CardFile
  pins(id: string): PinMemory
  put(card: CardFile): void
  remove(id: string): void
}

const CARD_ID = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Cards under `<dataDir>/simulator/cards`, which another process may be reading. */
export function cardRack(dataDir: string): CardRack {
  const root = join(dataDir, 'simulator', 'cards')
  const path = (id: string, file: string) => {
    if (!CARD_ID.test(id)) throw new InvalidInput('card', 'lower-case letters, digits and hyphens')
    return join(root, id, file)
  }
  const read = (id: string) => {
    const text = readFileIfPresent(path(id, 'card.json'))
    // Written whole by `put`, so its shape is that of `CardFile`.
    return text === undefined ? undefined : (JSON.parse(text) as CardFile)
  }
  return {
    list: () =>
      folders(root)
        .filter((id) => CARD_ID.test(id))
        .flatMap((id) => read(id) ?? []),
    card: (id) => {
      const card = read(id)
      if (!card) throw new NotFound('no such card')
      return card
    },
    pins: (id) => pinFile(path(id, 'pins.json')),
    put: (card) => {
      const file = path(card.id, 'card.json')
      const text = JSON.stringify(card)
      if (readFileIfPresent(file) !== text) writeFileAtomically(file, text)
    },
    remove: (id) => rmSync(join(path(id, 'card.json'), '..'), { recursive: true, force: true }),
  }
}

function pinFile(path: string): PinMemory {
  return {
    load: () => {
      const text = readFileIfPresent(path)
      if (text === undefined) throw new NotFound('the card has no PINs')
      return JSON.parse(text) as PinStates // written whole by `save`
    },
    save: (pins) => writeFileAtomically(path, JSON.stringify(pins)),
  }
}

function folders(root: string): string[] {
  try {
    return readdirSync(root).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
