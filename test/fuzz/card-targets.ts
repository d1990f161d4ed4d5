import { isDeepStrictEqual } from 'node:util'
import { encodeCommand, parseCommand, parseResponse } from '../../services/card/apdu.ts'
import { CardError } from '../../services/card/card-error.ts'
import { JpkiCard } from '../../services/card/jpki-card.ts'
import { TextCard, type TextEvidence } from '../../services/card/text-card.ts'
import { objectLength, readObject, readObjects, writeObject } from '../../services/card/tlv.ts'
import type { CardTransport } from '../../services/card/transport.ts'
import { verifyText } from '../../services/card/verify-text.ts'
import { concatBytes, fromBase64, fromHex, toBase64, utf8 } from '../../services/kernel/bytes.ts'
import { Secret } from '../../services/kernel/secret.ts'
import { SimulatedCard } from '../../services/simulator/card.ts'
import {
  MAX_TRIES,
  type CardFile,
  type PinMemory,
  type PinStates,
} from '../../services/simulator/card-file.ts'
import { exportKey } from '../../services/simulator/keys.ts'
import { TextIssuer } from '../../services/simulator/text-issuer.ts'
import { RandomNumbers } from '../mutation/random.ts'
import { testKey } from '../pki/keys.ts'
import { card, login, logging, signing } from './corpus.ts'
import {
  attempt,
  joined,
  must,
  mutateOctets,
  mutateParts,
  split,
  Violation,
  type FuzzTarget,
} from './target.ts'

const issuer = new TextIssuer({
  root: exportKey(testKey('text root').privateKey),
  issuer: exportKey(testKey('text issuer').privateKey),
})
const cardKey = exportKey(testKey('text card').privateKey)
const textFiles = issuer.write(
  { name: '山田　花子', address: '東京都千代田区１－１', birthDate: '1990-04-01', sex: '2' },
  cardKey,
)

const cardFile: CardFile = {
  version: 1,
  id: 'fuzzed',
  kind: 'card',
  title: { ja: '見本', en: 'sample' },
  authentication: { certificate: toBase64(login.der), privateKey: exportKey(login.key.privateKey) },
  signature: { certificate: toBase64(card.der), privateKey: exportKey(card.key.privateKey) },
  text: textFiles,
  authorities: {
    authentication: toBase64(logging.certificate),
    signature: toBase64(signing.certificate),
  },
}
const PINS: PinStates = {
  authentication: { pin: '1234', triesLeft: 3 },
  signature: { pin: 'ABC123', triesLeft: 5 },
  text: { pin: '1234', triesLeft: 3 },
  referenceB: { pin: '02040120301234', triesLeft: 10 },
}

function inserted(): { card: SimulatedCard; pins: PinMemory } {
  let state = PINS
  const pins: PinMemory = {
    load: () => state,
    save: (next) => {
      state = next
    },
  }
  const numbers = new RandomNumbers(1)
  const random = { bytes: (length: number) => numbers.bytes(length) }
  return { card: new SimulatedCard(cardFile, pins, { random }), pins }
}

const PIN_NAMES = ['authentication', 'signature', 'text', 'referenceB'] as const

const CHALLENGE = utf8('a challenge')

/** Everything that a session of our client sends, and what it gets. */
async function session(work: (transport: CardTransport) => Promise<unknown>) {
  const { card } = inserted()
  const commands: Uint8Array[] = []
  const responses: Uint8Array[] = []
  const transmit = async (apdu: Uint8Array): Promise<Uint8Array> => {
    const response = await card.transmit(apdu)
    commands.push(apdu)
    responses.push(response)
    return response
  }
  await work({ transmit, close: async () => undefined })
  return { commands, responses }
}

async function useJpki(transport: CardTransport): Promise<void> {
  const jpki = await JpkiCard.open(transport)
  await jpki.tokenType()
  await jpki.triesLeft('signature')
  await jpki.verifyPin('signature', new Secret('ABC123'))
  await jpki.readCertificate('signature')
  await jpki.sign('signature', CHALLENGE)
  await jpki.verifyPin('authentication', new Secret('1234'))
  await jpki.readCertificate('authentication')
  await jpki.close()
}

async function useText(
  transport: CardTransport,
): Promise<TextEvidence & { signature: Uint8Array }> {
  const text = await TextCard.open(transport)
  await text.verifyPin('pin', new Secret('1234'))
  const evidence = await text.read()
  const signature = await text.signChallenge(CHALLENGE)
  await text.close()
  return { ...evidence, signature }
}

const jpkiSession = await session(useJpki)
const textSession = await session(useText)

const commandTarget: FuzzTarget = {
  name: 'apdu',
  what: 'command APDUs, and the simulated card that answers them',
  seeds: [jpkiSession, textSession].map(({ commands }) => joined(...commands)),
  mutate: mutateParts(mutateOctets),
  run: async (input) => {
    const { card, pins } = inserted()
    for (const apdu of split(input).slice(0, 40)) {
      const command = parseCommand(apdu)
      if (command !== undefined) {
        must(isDeepStrictEqual(parseCommand(encodeCommand(command)), command), 'one command')
      }
      const { data, sw } = parseResponse(await card.transmit(apdu))
      must(data.length <= 256, 'at most 256 bytes of data')
      must([0x6, 0x9].includes(sw >> 12), 'a status word of ISO/IEC 7816-4')
      must(sw === 0x9000 || data.length === 0, 'data with success alone')
      must(command !== undefined || sw === 0x6700, 'wrong length for what is no command')
    }
    for (const name of PIN_NAMES) {
      const { triesLeft = 0 } = pins.load()[name] ?? {}
      must(triesLeft >= 0 && triesLeft <= MAX_TRIES[name], 'tries that count')
    }
  },
}

const MAX_COMMANDS = 5_000

const responseTarget: FuzzTarget = {
  name: 'response',
  what: 'response APDUs, and the card clients that read them',
  seeds: [jpkiSession, textSession].map(({ responses }) => joined(...responses)),
  mutate: mutateParts(mutateOctets),
  run: async (input) => {
    const responses = split(input)
    for (const use of [useJpki, useText]) {
      let sent = 0
      const transmit = async (): Promise<Uint8Array> => {
        if (sent > MAX_COMMANDS) throw new Violation('a client that comes to an end')
        return responses[sent++ % Math.max(1, responses.length)] ?? new Uint8Array()
      }
      try {
        await use({ transmit, close: async () => undefined })
      } catch (error) {
        if (!(error instanceof CardError)) throw error
      }
    }
  },
}

const { signature, ...evidence } = await useTextOnCard()
async function useTextOnCard() {
  return useText(inserted().card)
}
const textParts = [
  evidence.attributes,
  evidence.integrity,
  evidence.certificate,
  evidence.signedKey,
  signature,
]

const textTarget: FuzzTarget = {
  name: 'text',
  what: 'files of 券面事項入力補助AP and what they prove',
  seeds: [joined(...textParts)],
  mutate: mutateParts(mutateOctets),
  run: (input) => {
    const [
      attributes = NOTHING,
      integrity = NOTHING,
      certificate = NOTHING,
      signedKey = NOTHING,
      given = NOTHING,
    ] = split(input)
    const verdict = verifyText(
      { attributes, integrity, certificate, signedKey },
      { roots: [issuer.root], presence: { challenge: CHALLENGE, signature: given } },
    )
    must((verdict.rung === null) === (verdict.shortfall === 'MALFORMED'), 'a rung if well formed')
    const proven = PROVEN[verdict.rung ?? 'WELL_FORMED']
    const parts = [attributes, integrity, certificate, signedKey, given]
    const same = parts.slice(0, proven).every((part, i) => isSame(part, textParts[i]))
    must(same, `no changed part at ${verdict.rung}`)
  },
}
const NOTHING = new Uint8Array()
/** How many of the parts, in their order, nobody can have changed at each rung. */
const PROVEN = { WELL_FORMED: 0, SIGNED: 0, ANCHORED: 3, PRESENT: 5 } as const

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0
}

const TAGS = [0xff20, 0xdf21, 0x90, 0x91, 0x5f4e, 0x04, 0x30]

const objectTarget: FuzzTarget = {
  name: 'tlv',
  what: 'data objects of the card (BER-TLV)',
  seeds: [
    ...textParts.slice(0, 4),
    fromBase64(textFiles.number),
    concatBytes(fromHex('04820100'), new Uint8Array(256)),
    concatBytes(fromHex('048180'), new Uint8Array(128)),
  ],
  mutate: mutateOctets,
  run: (input) => {
    const object = attempt(() => readObject(input))
    const length = attempt(() => objectLength(input))
    if (object !== null) {
      must(length === object.whole.length, 'one length of an object')
      must(isSame(object.whole, writeObject(object.tag, object.value)), 'one form of an object')
      must(isSame(object.whole, input.subarray(0, object.whole.length)), 'an object as written')
      attempt(() => readObjects(object.value, [0xdf21, 0xdf22, 0xdf23, 0xdf24, 0xdf25]))
    }
    for (const tag of TAGS) {
      const [only] = attempt(() => readObjects(input, [tag])) ?? []
      must(only === undefined || isSame(only.whole, input), 'objects to the end of the input')
    }
  },
}

export const cardTargets: readonly FuzzTarget[] = [
  commandTarget,
  responseTarget,
  textTarget,
  objectTarget,
]
