import { generateKeyPairSync, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toBase64, toHex, utf8 } from '../kernel/bytes.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { SimulatedCard } from '../simulator/card.ts'
import type { CardFile, PinStates } from '../simulator/card-file.ts'
import { CardError } from './card-error.ts'
import { JpkiCard } from './jpki-card.ts'
import { applicationsIn } from './next-card.ts'
import type { CardTransport } from './transport.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const CERTIFICATE = concatBytes(fromHex('30820500'), new Uint8Array(0x500).fill(0x66))
const ON_CARD = {
  certificate: toBase64(CERTIFICATE),
  privateKey: toBase64(privateKey.export({ type: 'pkcs8', format: 'der' })),
}
const FILE: CardFile = {
  version: 1,
  id: 'someone',
  kind: 'card',
  title: { ja: '見本', en: 'sample' },
  authentication: ON_CARD,
  signature: ON_CARD,
  authorities: { authentication: ON_CARD.certificate, signature: ON_CARD.certificate },
}

interface Watched {
  readonly transport: CardTransport
  readonly card: SimulatedCard
  readonly sent: string[]
  readonly pins: () => PinStates
}

function insert(change: Partial<CardFile> = {}, reselect: 'keeps' | 'clears' = 'keeps'): Watched {
  let pins: PinStates = {
    authentication: { pin: '1234', triesLeft: 3 },
    signature: { pin: 'ABC123', triesLeft: 5 },
  }
  const memory = { load: () => pins, save: (next: PinStates) => void (pins = next) }
  const card = new SimulatedCard({ ...FILE, ...change }, memory, { random: systemRandom, reselect })
  const sent: string[] = []
  const transport = {
    transmit: (apdu: Uint8Array) => {
      sent.push(toHex(apdu))
      return card.transmit(apdu)
    },
    close: () => card.close(),
  }
  return { transport, card, sent, pins: () => pins }
}

/** A card that gives the listed answers one after another. */
function scripted(...answers: string[]): CardTransport {
  return {
    transmit: async () => fromHex(answers.shift() ?? '6f00'),
    close: async () => undefined,
  }
}

const pin = (text: string) => new Secret(text)

describe('a signature', () => {
  test.each(['keeps', 'clears'] as const)(
    'is made by a card that %s PINs when selected again',
    async (reselect) => {
      const card = await JpkiCard.open(insert({}, reselect).transport)
      await card.verifyPin('signature', pin('abc123'))
      expect(toHex(await card.readCertificate('signature'))).toBe(toHex(CERTIFICATE))
      const signature = await card.sign('signature', utf8('message'))
      expect(verify('sha256', utf8('message'), publicKey, signature)).toBe(true)
      expect(verify('sha256', utf8('another'), publicKey, signature)).toBe(false)
    },
  )

  test('is not made before the PIN was verified', async () => {
    const card = await JpkiCard.open(insert().transport)
    await expect(card.sign('authentication', utf8('message'))).rejects.toMatchObject({
      code: 'CARD_PROTOCOL',
      message: expect.stringContaining('6982') as string,
    })
  })

  test('is not made when the card lost power after the PIN', async () => {
    const { transport, card: simulated } = insert()
    const card = await JpkiCard.open(transport)
    await card.verifyPin('authentication', pin('1234'))
    simulated.reset()
    await expect(card.sign('authentication', utf8('message'))).rejects.toMatchObject({
      code: 'CARD_PROTOCOL',
    })
  })

  test('is not made when the card was taken away between PIN and signature', async () => {
    const { transport, card: simulated } = insert()
    const card = await JpkiCard.open(transport)
    await card.verifyPin('authentication', pin('1234'))
    simulated.remove()
    await expect(card.sign('authentication', utf8('message'))).rejects.toMatchObject({
      code: 'CARD_REMOVED',
    })
    await card.close()
  })
})

describe('a next card, which is invented', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const onCard = {
    ...ON_CARD,
    privateKey: toBase64(ec.privateKey.export({ type: 'pkcs8', format: 'der' })),
  }
  const next = () => insert({ generation: 'next', authentication: onCard, signature: onCard })

  test.each([
    ['authentication', '1234'],
    ['signature', 'ABC123'],
  ] as const)('signs with its %s key after the PIN, in the simulator', async (use, right) => {
    const card = await JpkiCard.open(next().transport, applicationsIn('simulator'))
    expect(await card.tokenType()).toBe('card')
    await expect(card.sign(use, utf8('message'))).rejects.toMatchObject({ code: 'CARD_PROTOCOL' })
    await card.verifyPin(use, pin(right))
    expect(toHex(await card.readCertificate(use))).toBe(toHex(CERTIFICATE))
    const message = new Uint8Array(400).fill(7)
    const signature = await card.sign(use, message)
    expect(verify('sha384', message, ec.publicKey, signature)).toBe(true)
    expect(verify('sha384', utf8('another'), ec.publicKey, signature)).toBe(false)
  })

  test.each(['production', 'jpki-test'] as const)(
    'is no card in %s, where nothing invented is ever sent',
    async (environment) => {
      const { transport, sent } = next()
      await expect(JpkiCard.open(transport, applicationsIn(environment))).rejects.toMatchObject({
        code: 'NOT_A_JPKI_CARD',
      })
      expect(sent).toEqual(['00a4040c0ad392f000260100000001'])
    },
  )

  test('is not taken for one of today, nor one of today for it', async () => {
    await expect(JpkiCard.open(next().transport)).rejects.toMatchObject({
      code: 'NOT_A_JPKI_CARD',
    })
    const today = insert()
    await JpkiCard.open(today.transport, applicationsIn('simulator'))
    expect(today.sent).toHaveLength(1)
  })

  test('makes no other kind of signature', async () => {
    const { transport, card: simulated } = next()
    const card = await JpkiCard.open(transport, applicationsIn('simulator'))
    await card.verifyPin('authentication', pin('1234'))
    for (const p1 of ['00', '01', '02', '04', '05']) {
      const command = fromHex(`802a${p1}9720${'00'.repeat(32)}00`)
      expect(toHex(await simulated.transmit(command))).toBe('6a86')
    }
  })
})

describe('a PIN', () => {
  test('that is wrong tells how many tries are left', async () => {
    const card = await JpkiCard.open(insert().transport)
    await expect(card.verifyPin('authentication', pin('0000'))).rejects.toMatchObject({
      code: 'PIN_WRONG',
      triesLeft: 2,
    })
    expect(await card.triesLeft('authentication')).toBe(2)
    expect(await card.triesLeft('signature')).toBe(5)
  })

  test('is not sent when one try is left, until the person says so', async () => {
    const { transport, pins } = insert()
    const card = await JpkiCard.open(transport)
    for (const wrong of ['0000', '0001']) {
      await expect(card.verifyPin('authentication', pin(wrong))).rejects.toThrow()
    }
    await expect(card.verifyPin('authentication', pin('0002'))).rejects.toMatchObject({
      code: 'PIN_LAST_TRY',
    })
    expect(pins().authentication.triesLeft).toBe(1)
    await card.verifyPin('authentication', pin('1234'), { useLastTry: true })
    expect(await card.triesLeft('authentication')).toBe(3)
  })

  test('that is locked is told apart from one that is wrong, before and after the lock', async () => {
    const { transport, sent } = insert()
    const card = await JpkiCard.open(transport)
    for (const wrong of ['0000', '0001']) {
      await expect(card.verifyPin('authentication', pin(wrong))).rejects.toThrow()
    }
    const last = card.verifyPin('authentication', pin('0002'), { useLastTry: true })
    await expect(last).rejects.toMatchObject({ code: 'PIN_LOCKED', triesLeft: 0 })
    const before = sent.filter((apdu) => apdu.startsWith('0020008004')).length
    const later = card.verifyPin('authentication', pin('1234'), { useLastTry: true })
    await expect(later).rejects.toMatchObject({ code: 'PIN_LOCKED' })
    expect(sent.filter((apdu) => apdu.startsWith('0020008004')).length).toBe(before)
  })

  test.each([
    ['authentication', ''],
    ['authentication', '123'],
    ['authentication', '12345'],
    ['authentication', '12a4'],
    ['authentication', '１２３４'],
    ['signature', 'ABC12'],
    ['signature', 'A'.repeat(17)],
    ['signature', 'ABC 123'],
  ] as const)('for %s is never sent as %j', async (use, text) => {
    const { transport, sent } = insert()
    const card = await JpkiCard.open(transport)
    const before = sent.length
    await expect(card.verifyPin(use, pin(text))).rejects.toMatchObject({ code: 'PIN_MALFORMED' })
    expect(sent.length).toBe(before)
  })

  test('stands in no error', async () => {
    const card = await JpkiCard.open(insert().transport)
    const error: unknown = await card
      .verifyPin('signature', pin('SECRET99'))
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(CardError)
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET99')
    expect(inspect(error, { depth: 9 })).not.toContain(toHex(utf8('SECRET99')))
  })

  test.each(['6983', '6984'])('locked is understood from %s as well', async (status) => {
    const card = await JpkiCard.open(scripted('9000', '9000', status))
    expect(await card.triesLeft('authentication')).toBe(0)
  })
})

describe('a card', () => {
  test('that is not one of JPKI is refused', async () => {
    await expect(JpkiCard.open(scripted('6a82'))).rejects.toMatchObject({
      code: 'NOT_A_JPKI_CARD',
    })
  })

  test('without a signature certificate says so for everything of it', async () => {
    const { authentication, authorities, id, kind, title, version } = FILE
    const without = { authentication, authorities, id, kind, title, version }
    const pins = {
      authentication: { pin: '1234', triesLeft: 3 },
      signature: { pin: 'ABC123', triesLeft: 5 },
    }
    const memory = { load: () => pins, save: () => undefined }
    const card = await JpkiCard.open(new SimulatedCard(without, memory, { random: systemRandom }))
    const expected = { code: 'NO_SIGNATURE_CERTIFICATE' }
    expect(await card.has('signature')).toBe(false)
    expect(await card.has('authentication')).toBe(true)
    await expect(card.triesLeft('signature')).rejects.toMatchObject(expected)
    await expect(card.verifyPin('signature', pin('ABC123'))).rejects.toMatchObject(expected)
    await expect(card.readCertificate('signature')).rejects.toMatchObject(expected)
    await expect(card.sign('signature', utf8('message'))).rejects.toMatchObject(expected)
  })

  test.each([
    ['card', 'card'],
    ['phone', 'android'],
  ] as const)('that is a %s is told by its label', async (kind, expected) => {
    const card = await JpkiCard.open(insert({ kind }).transport)
    expect(await card.tokenType()).toBe(expected)
  })

  test('that is a phone unlocked by biometrics is not given the PIN', async () => {
    const { transport, sent, pins } = insert({ kind: 'phone', biometrics: true })
    const card = await JpkiCard.open(transport)
    expect(await card.triesLeft('authentication')).toBe('open')
    await card.verifyPin('authentication', pin('0000'))
    const signature = await card.sign('authentication', utf8('message'))
    expect(verify('sha256', utf8('message'), publicKey, signature)).toBe(true)
    expect(sent.some((apdu) => apdu.startsWith('0020008004'))).toBe(false)
    expect(pins().authentication.triesLeft).toBe(3)
    await expect(card.verifyPin('signature', pin('WRONG1'))).rejects.toMatchObject({
      code: 'PIN_WRONG',
    })
  })

  test('forgets the PIN when it is closed', async () => {
    const { transport, sent } = insert()
    const card = await JpkiCard.open(transport)
    await card.close()
    expect(sent.at(-1)).toBe('00a4040c07a0000001510000')
    await expect(card.triesLeft('authentication')).rejects.toMatchObject({ code: 'CARD_REMOVED' })
  })

  test('is never asked for anything but its JPKI application', async () => {
    const { transport, sent } = insert()
    const card = await JpkiCard.open(transport)
    await card.tokenType()
    await card.verifyPin('signature', pin('ABC123'))
    await card.readCertificate('signature')
    await card.sign('signature', utf8('message'))
    await card.close()
    const applications = sent.filter((apdu) => apdu.startsWith('00a404'))
    expect(applications).toEqual(['00a4040c0ad392f000260100000001', '00a4040c07a0000001510000'])
  })

  test('behind a reader that splits answers is read whole', async () => {
    const whole = concatBytes(fromHex('30820004'), fromHex('01020304'))
    const first = toHex(whole.slice(0, 4))
    const rest = toHex(whole.slice(4))
    const card = await JpkiCard.open(
      // select, select, read: Le wrong → again → more to fetch → the rest
      scripted('9000', '9000', '6c08', `${first}6104`, `${rest}9000`),
    )
    expect(toHex(await card.readCertificate('authentication'))).toBe(toHex(whole))
  })

  test.each([
    ['no certificate', '04820010'],
    ['a length that is too long', '3082ffff'],
    ['a length in another form', '30810010'],
    ['nothing', ''],
  ])('that gives %s as a certificate is refused', async (_name, content) => {
    const card = await JpkiCard.open(scripted('9000', '9000', `${content}9000`))
    await expect(card.readCertificate('authentication')).rejects.toMatchObject({
      code: 'CARD_PROTOCOL',
    })
  })

  test('whose certificate ends too early is refused', async () => {
    const card = await JpkiCard.open(scripted('9000', '9000', '308201009000', '9000'))
    await expect(card.readCertificate('authentication')).rejects.toMatchObject({
      code: 'CARD_PROTOCOL',
    })
  })
})
