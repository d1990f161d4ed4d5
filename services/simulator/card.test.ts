import { constants, createPublicKey, type KeyObject, publicDecrypt, verify } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeCommand, parseResponse } from '../card/apdu.ts'
import { concatBytes, fromHex, toBase64, toHex, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { systemRandom } from '../kernel/random.ts'
import { SimulatedCard } from './card.ts'
import type { CardFile, PinMemory, PinStates } from './card-file.ts'
import { exportKey, newRsaKey } from './keys.ts'

const JPKI_AP = 'd392f000260100000001'
const SELECT_AP = `00a4040c0a${JPKI_AP}`
const DIGEST_INFO = fromHex('3031300d060960864801650304020105000420')

const FRESH: PinStates = {
  authentication: { pin: '1234', triesLeft: 3 },
  signature: { pin: 'ABC123', triesLeft: 5 },
}
const CERTIFICATE = concatBytes(fromHex('30820300'), new Uint8Array(0x300).fill(0x55))

let key: KeyObject
beforeAll(async () => {
  key = await newRsaKey()
})

function memory(pins: PinStates = FRESH): PinMemory & { pins: PinStates } {
  const store = {
    pins,
    load: () => store.pins,
    save: (next: PinStates) => {
      store.pins = next
    },
  }
  return store
}

function cardFile(change: Partial<CardFile> & { withoutSignature?: boolean } = {}): CardFile {
  const { withoutSignature = false, ...rest } = change
  const onCard = { certificate: toBase64(CERTIFICATE), privateKey: exportKey(key) }
  return {
    version: 1,
    id: 'someone',
    kind: 'card',
    title: { ja: '見本', en: 'sample' },
    authentication: onCard,
    ...(!withoutSignature && { signature: onCard }),
    authorities: { authentication: onCard.certificate, signature: onCard.certificate },
    ...rest,
  }
}

function insert(
  options: {
    file?: CardFile
    pins?: PinMemory
    reselect?: 'keeps' | 'clears'
  } = {},
) {
  const { file = cardFile(), pins = memory(), reselect = 'keeps' } = options
  const card = new SimulatedCard(file, pins, { random: systemRandom, reselect })
  const send = async (hex: string) => {
    const { data, sw } = parseResponse(await card.transmit(fromHex(hex)))
    return { data, sw: sw.toString(16).padStart(4, '0') }
  }
  const sw = async (...commands: string[]) => {
    let last = ''
    for (const command of commands) last = (await send(command)).sw
    return last
  }
  return { card, send, sw, pins }
}

const hexOf = (text: string) => toHex(utf8(text))
const selectFile = (id: string) => `00a4020c02${id}`
const AUTHENTICATION_PIN = [selectFile('0018'), `0020008004${hexOf('1234')}`]
const SIGNATURE_PIN = [selectFile('001b'), `0020008006${hexOf('ABC123')}`]

describe('selecting', () => {
  test.each([
    ['JPKI-AP', SELECT_AP, '9000'],
    ['JPKI-AP with another P2', `00a404000a${JPKI_AP}`, '9000'],
    ['the issuer security domain', '00a4040c07a0000001510000', '9000'],
    ['an unknown application', '00a4040c0aa00000006203010c0601', '6a82'],
    ['an unknown application with another P2', '00a404000ad3921000310001010408', '6a82'],
    ['nothing by name', '00a4040c', '6a82'],
    ['the master file after a reset', '00a40000', '6a86'],
    ['by an unknown P1', '00a4030c020001', '6a86'],
    ['a file before any application', selectFile('000a'), '6a82'],
  ])('%s', async (_name, command, expected) => {
    expect(await insert().sw(command)).toBe(expected)
  })

  test.each([
    ['the master file while an application is current', '00a40000', '9000'],
    ['a file that is there', selectFile('000a'), '9000'],
    ['a file that is not', selectFile('00ff'), '6a82'],
    ['a file by half an identifier', '00a4020c0100', '6700'],
    ['a file with another P2', '00a40200020001', '6a86'],
  ])('in JPKI-AP: %s', async (_name, command, expected) => {
    expect(await insert().sw(SELECT_AP, command)).toBe(expected)
  })

  test('the master file leaves a verified PIN as it is', async () => {
    const { sw } = insert()
    expect(
      await sw(SELECT_AP, ...SIGNATURE_PIN, '00a40000', selectFile('0001'), '00b0000000'),
    ).toBe('9000')
  })

  test.each([
    ['keeps', '9000'],
    ['clears', '6982'],
  ] as const)('of JPKI-AP again %s verified PINs when so set', async (reselect, expected) => {
    const { sw } = insert({ reselect })
    expect(await sw(SELECT_AP, ...SIGNATURE_PIN, SELECT_AP, selectFile('0001'), '00b0000000')).toBe(
      expected,
    )
  })

  test('of another application clears verified PINs', async () => {
    const { sw } = insert()
    const away = '00a4040c07a0000001510000'
    expect(
      await sw(SELECT_AP, ...SIGNATURE_PIN, away, SELECT_AP, selectFile('0001'), '00b0000000'),
    ).toBe('6982')
  })
})

describe('reading', () => {
  test('gives the certificate padded with FF', async () => {
    const { send, sw } = insert()
    await sw(SELECT_AP, selectFile('000a'))
    const parts = []
    for (const offset of ['0000', '0100', '0200', '0300']) {
      parts.push((await send(`00b0${offset}00`)).data)
    }
    const file = concatBytes(...parts)
    expect(toHex(file.slice(0, CERTIFICATE.length))).toBe(toHex(CERTIFICATE))
    expect(new Set(file.slice(CERTIFICATE.length))).toEqual(new Set([0xff]))
    expect(await sw('00b0040000')).toBe('6b00')
  })

  test('by short identifier gives and selects the file', async () => {
    const { send } = insert()
    await send(SELECT_AP)
    const bySfi = await send('00b08a0010')
    const next = await send('00b0000010')
    expect(toHex(bySfi.data)).toBe(toHex(CERTIFICATE.slice(0, 16)))
    expect(toHex(next.data)).toBe(toHex(bySfi.data))
  })

  test.each([
    ['without a current file', ['00b0000000'], '6986'],
    ['a PIN', [selectFile('0018'), '00b0000000'], '6981'],
    ['a key', [selectFile('0017'), '00b0000000'], '6981'],
    ['by an identifier that is too long', ['00b0ea0000'], '6a86'],
    ['by an unknown short identifier', ['00b09f0000'], '6a82'],
    ['with data instead of Le', [selectFile('000a'), '00b000000100'], '6700'],
    ['without Le', [selectFile('000a'), '00b00000'], '6700'],
    ['the signature certificate without its PIN', [selectFile('0001'), '00b0000000'], '6982'],
    [
      'the signature certificate with the other PIN',
      [...AUTHENTICATION_PIN, selectFile('0001'), '00b0000000'],
      '6982',
    ],
    [
      'the signature certificate with its PIN',
      [...SIGNATURE_PIN, selectFile('0001'), '00b0000000'],
      '9000',
    ],
    ['a protected file of no known use', [selectFile('0009'), '00b0000000'], '6982'],
    ['both CA certificates without a PIN', [selectFile('0002'), '00b0000000'], '9000'],
    ['the authentication CA certificate', [selectFile('000b'), '00b0000000'], '9000'],
  ])('%s', async (_name, commands, expected) => {
    expect(await insert().sw(SELECT_AP, ...commands)).toBe(expected)
  })

  test('of the availability file tells which certificates there are', async () => {
    const both = insert().send
    await both(SELECT_AP)
    expect(toHex((await both('00b0880003')).data)).toBe('8f8f00')
    const { send, sw } = insert({ file: cardFile({ withoutSignature: true }) })
    await send(SELECT_AP)
    expect(toHex((await send('00b0880003')).data)).toBe('008f00')
    expect(await sw(selectFile('0001'))).toBe('6a82')
    expect(await sw(selectFile('001b'))).toBe('6a82')
  })

  test.each([
    ['card', 'JPKIAPICCTOKEN2'],
    ['phone', 'JPKIAPGPSETOKEN'],
  ] as const)('of the token information on a %s', async (kind, label) => {
    const { send } = insert({ file: cardFile({ kind }) })
    await send(SELECT_AP)
    const { data } = await send('00b0860000')
    expect(data.length).toBe(160)
    expect(toHex(data.slice(0, 32))).toBe(hexOf(label.padEnd(32)))
    expect(toHex(data.slice(96, 100))).toBe('0000040d')
  })

  test('of the authentication certificate needs the PIN on a phone, none on a card', async () => {
    const read = [selectFile('000a'), '00b0000000']
    expect(await insert().sw(SELECT_AP, ...read)).toBe('9000')
    const phone = () => insert({ file: cardFile({ kind: 'phone' }) })
    expect(await phone().sw(SELECT_AP, ...read)).toBe('6982')
    expect(await phone().sw(SELECT_AP, ...AUTHENTICATION_PIN, ...read)).toBe('9000')
  })
})

describe('PINs', () => {
  test('asking for the tries left costs none', async () => {
    const { sw } = insert()
    const ask = '00200080'
    expect(await sw(SELECT_AP, selectFile('0018'), ask, ask, ask, ask)).toBe('63c3')
    expect(await sw(selectFile('001b'), '0020008000')).toBe('63c5')
    expect(await sw('00200098')).toBe('63c3')
    expect(await sw('0020009b')).toBe('63c5')
  })

  test('count down to the lock and stay locked through loss of power', async () => {
    const pins = memory()
    const { sw, card } = insert({ pins })
    const wrong = `0020008004${hexOf('0000')}`
    expect(await sw(SELECT_AP, selectFile('0018'), wrong)).toBe('63c2')
    card.reset()
    expect(await sw(SELECT_AP, selectFile('0018'), wrong)).toBe('63c1')
    expect(await sw(wrong)).toBe('63c0')
    expect(await sw(wrong)).toBe('6984')
    expect(await sw(...AUTHENTICATION_PIN)).toBe('6984')
    expect(await sw('00200080')).toBe('63c0')
    const again = insert({ pins })
    expect(await again.sw(SELECT_AP, ...AUTHENTICATION_PIN)).toBe('6984')
    expect(await again.sw(...SIGNATURE_PIN)).toBe('9000')
  })

  test('that are right give all tries back', async () => {
    const { sw, pins } = insert()
    await sw(SELECT_AP, selectFile('001b'), `0020008006${hexOf('WRONG1')}`)
    expect(pins.load().signature.triesLeft).toBe(4)
    expect(await sw(...SIGNATURE_PIN)).toBe('9000')
    expect(pins.load().signature.triesLeft).toBe(5)
  })

  test('pay the try before the compare', async () => {
    const seen: number[] = []
    const store = memory()
    const pins: PinMemory = {
      load: store.load,
      save: (next) => {
        seen.push(next.authentication.triesLeft)
        store.save(next)
      },
    }
    await insert({ pins }).sw(SELECT_AP, ...AUTHENTICATION_PIN)
    expect(seen).toEqual([2, 3])
  })

  test('a wrong one takes back what the right one had opened', async () => {
    const { sw } = insert()
    await sw(SELECT_AP, ...SIGNATURE_PIN, `0020008006${hexOf('WRONG1')}`)
    expect(await sw(selectFile('0001'), '00b0000000')).toBe('6982')
  })

  test.each([
    ['without a current file', ['00200080'], '6986'],
    ['on a key', [selectFile('0017'), '00200080'], '6981'],
    ['by an unknown short identifier', ['00200085'], '6a88'],
    ['with another P1', [selectFile('0018'), '00200180'], '6a86'],
    ['with another P2', [selectFile('0018'), '00200000'], '6a86'],
    ['longer than any PIN', [selectFile('0018'), `0020008011${'31'.repeat(17)}`], '6700'],
  ])('are not verified %s', async (_name, commands, expected) => {
    expect(await insert().sw(SELECT_AP, ...commands)).toBe(expected)
  })

  test('change after they were verified, not before', async () => {
    const { sw, pins } = insert()
    const change = `0024018004${hexOf('9876')}`
    expect(await sw(SELECT_AP, selectFile('0018'), change)).toBe('6982')
    expect(await sw(...AUTHENTICATION_PIN, change)).toBe('9000')
    expect(pins.load().authentication.pin).toBe('9876')
    expect(await sw(`0024018004${hexOf('98X6')}`)).toBe('6a80')
    expect(await sw('00240180')).toBe('6700')
    expect(await sw(`0024008004${hexOf('9876')}`)).toBe('6a86')
  })

  test('that were verified are forgotten without power', async () => {
    const { sw, card } = insert()
    await sw(SELECT_AP, ...SIGNATURE_PIN)
    card.reset()
    expect(await sw(SELECT_AP, selectFile('0001'), '00b0000000')).toBe('6982')
  })
})

describe('signing', () => {
  const message = utf8('a message')
  const sign = (p1: string, data: Uint8Array, p2 = '80') =>
    toHex(
      encodeCommand({
        cla: 0x80,
        ins: 0x2a,
        p1: Number.parseInt(p1, 16),
        p2: Number.parseInt(p2, 16),
        data,
        le: 256,
      }),
    )
  const ready = async () => {
    const inserted = insert()
    await inserted.sw(SELECT_AP, ...SIGNATURE_PIN, selectFile('001a'))
    return inserted
  }
  const publicKey = () => createPublicKey(key)
  const pss = () => ({
    key: publicKey(),
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  })

  test.each([
    ['00', 'a DigestInfo as it is', () => concatBytes(DIGEST_INFO, sha256(message))],
    ['02', 'a hash with DigestInfo around it', () => sha256(message)],
    ['03', 'a message', () => message],
  ])('P1 %s signs %s as sha256WithRSAEncryption', async (p1, _what, data) => {
    const { send } = await ready()
    const { data: signature, sw } = await send(sign(p1, data()))
    expect(sw).toBe('9000')
    expect(verify('sha256', message, publicKey(), signature)).toBe(true)
  })

  test('P1 01 signs the bare hash', async () => {
    const { send } = await ready()
    const { data: signature } = await send(sign('01', message))
    expect(toHex(publicDecrypt(publicKey(), signature))).toBe(toHex(sha256(message)))
  })

  test.each([
    ['04', () => sha256(message)],
    ['05', () => message],
  ])('P1 %s signs with PSS', async (p1, data) => {
    const { send } = await ready()
    const { data: signature } = await send(sign(p1, data()))
    expect(verify('sha256', message, pss(), signature)).toBe(true)
    expect(verify('sha256', utf8('another'), pss(), signature)).toBe(false)
  })

  test('a DigestInfo without NULL makes no sha256WithRSAEncryption', async () => {
    const { send } = await ready()
    const withoutNull = concatBytes(
      fromHex('302f300b0609608648016503040201 0420'.replace(' ', '')),
      sha256(message),
    )
    const { data: signature, sw } = await send(sign('00', withoutNull))
    expect(sw).toBe('9000')
    expect(verify('sha256', message, publicKey(), signature)).toBe(false)
  })

  test.each([
    ['P1 06', () => sign('06', message), '6a86'],
    ['more than 245 bytes as they are', () => sign('00', new Uint8Array(246)), '6700'],
    ['31 bytes as a hash', () => sign('02', new Uint8Array(31)), '6700'],
    ['33 bytes as a hash for PSS', () => sign('04', new Uint8Array(33)), '6700'],
    ['nothing', () => '802a0080', '6700'],
    ['with an unknown key', () => sign('00', message, '85'), '6a88'],
    ['with class 00', () => `00${sign('00', message).slice(2)}`, '6d00'],
  ])('refuses %s', async (_name, command, expected) => {
    const { sw } = await ready()
    expect(await sw(command())).toBe(expected)
  })

  test('finds the keys by short identifier, each behind its own PIN', async () => {
    const { sw } = insert()
    await sw(SELECT_AP)
    expect(await sw(sign('00', message, '97'))).toBe('6982')
    await sw(...AUTHENTICATION_PIN)
    expect(await sw(sign('00', message, '97'))).toBe('9000')
    expect(await sw(sign('00', message, '9a'))).toBe('6982')
    await sw(...SIGNATURE_PIN)
    expect(await sw(sign('00', message, '9a'))).toBe('9000')
  })

  test('needs a key to be current', async () => {
    const { sw } = insert()
    expect(await sw(SELECT_AP, sign('00', message))).toBe('6986')
    expect(await sw(selectFile('000a'), sign('00', message))).toBe('6981')
  })
})

describe('券面事項入力補助AP', () => {
  const SELECT_TEXT = '00a4040c0ad3921000310001010408'
  const PIN = [selectFile('0011'), `0020008004${hexOf('1234')}`]
  const B = [selectFile('0015'), `002000800e${hexOf('55021720352285')}`]
  const pins = () =>
    memory({
      ...FRESH,
      text: { pin: '1234', triesLeft: 3 },
      referenceB: { pin: '55021720352285', triesLeft: 10 },
    })
  const withText = () => {
    const [number, attributes, integrity, certificate, signedKey] = [
      '01',
      '02',
      '03',
      '04',
      '07',
    ].map((byte) => toBase64(fromHex(byte.repeat(20)))) as [string, string, string, string, string]
    const text = {
      number,
      attributes,
      integrity,
      certificate,
      signedKey,
      privateKey: exportKey(key),
    }
    return insert({ file: cardFile({ text }), pins: pins() })
  }
  const read = (id: string) => [selectFile(id), '00b0000000']

  test.each([
    [
      'without a PIN',
      [],
      { '0001': '6982', '0002': '6982', '0003': '6982', '0004': '9000', '0007': '6982' },
    ],
    [
      'with the PIN',
      PIN,
      { '0001': '9000', '0002': '9000', '0003': '9000', '0004': '9000', '0007': '9000' },
    ],
    [
      'with 照合番号B',
      B,
      { '0001': '6982', '0002': '9000', '0003': '9000', '0004': '9000', '0007': '9000' },
    ],
  ] as const)('opens its files %s', async (_name, verified, expected) => {
    const { sw } = withText()
    await sw(SELECT_TEXT, ...verified)
    const answers = new Map<string, string>()
    for (const id of Object.keys(expected)) answers.set(id, await sw(...read(id)))
    expect(Object.fromEntries(answers)).toEqual(expected)
  })

  test('counts wrong values of each PIN apart, down to the lock', async () => {
    const { sw } = withText()
    await sw(SELECT_TEXT)
    const wrong = `0020008004${hexOf('0000')}`
    expect(await sw(selectFile('0011'), wrong)).toBe('63c2')
    expect(await sw(selectFile('0015'), '00200080')).toBe('63ca')
    expect(await sw(`002000800e${hexOf('00000000000000')}`)).toBe('63c9')
    expect(await sw(selectFile('0011'), wrong, wrong)).toBe('63c0')
    expect(await sw(...PIN)).toBe('6984')
    expect(await sw(...B)).toBe('9000')
  })

  test('lets its PIN be changed, and what is printed not', async () => {
    const { sw } = withText()
    await sw(SELECT_TEXT)
    expect(await sw(...PIN, `0024018004${hexOf('9876')}`)).toBe('9000')
    expect(await sw(...B, `002401800e${hexOf('1'.repeat(14))}`)).toBe('6985')
  })

  test('signs a challenge with its own key and no PIN, and JPKI-AP has no such key', async () => {
    const { send, sw } = withText()
    const digestInfo = concatBytes(DIGEST_INFO, sha256(utf8('challenge')))
    const command = toHex(
      encodeCommand({ cla: 0x80, ins: 0x2a, p1: 0, p2: 0, data: digestInfo, le: 256 }),
    )
    await sw(SELECT_TEXT)
    const { data } = await send(command)
    expect(verify('sha256', utf8('challenge'), createPublicKey(key), data)).toBe(true)
    expect(await sw(`802a0200${command.slice(8)}`)).toBe('6a86')
    expect(await sw('802a0000')).toBe('6700')
    expect(await sw(SELECT_AP, command)).toBe('6a86')
  })

  test('is another application: going there and back forgets the PINs of both', async () => {
    const { sw } = withText()
    expect(await sw(SELECT_AP, ...SIGNATURE_PIN, SELECT_TEXT, ...read('0002'))).toBe('6982')
    expect(await sw(...PIN, SELECT_AP, selectFile('0001'), '00b0000000')).toBe('6982')
    expect(await sw(SELECT_TEXT, ...read('0002'))).toBe('6982')
  })

  test('is not there on a card that was written without it', async () => {
    expect(await insert().sw(SELECT_TEXT)).toBe('6a82')
  })
})

describe('biometrics on a phone', () => {
  const phone = (biometrics: boolean) => insert({ file: cardFile({ kind: 'phone', biometrics }) })
  const signWith = (key_: string) =>
    `802a00${key_}${toHex(concatBytes(Uint8Array.of(51), DIGEST_INFO, sha256(utf8('m'))))}00`

  test('take the place of the authentication PIN: certificate and key are open, nothing is asked', async () => {
    const { sw } = phone(true)
    expect(await sw(SELECT_AP, selectFile('0018'), '00200080')).toBe('9000')
    expect(await sw(selectFile('000a'), '00b0000000')).toBe('9000')
    expect(await sw(signWith('97'))).toBe('9000')
  })

  test('do not take the place of the signature password', async () => {
    const { sw } = phone(true)
    expect(await sw(SELECT_AP, selectFile('001b'), '00200080')).toBe('63c5')
    expect(await sw(signWith('9a'))).toBe('6982')
    expect(await sw(selectFile('0001'), '00b0000000')).toBe('6982')
  })

  test('open nothing when they are switched off, nor after a loss of power before the application is selected', async () => {
    const off = phone(false)
    expect(await off.sw(SELECT_AP, selectFile('0018'), '00200080')).toBe('63c3')
    expect(await off.sw(signWith('97'))).toBe('6982')
    const on = phone(true)
    await on.sw(SELECT_AP)
    on.card.reset()
    expect(await on.sw(signWith('97'))).toBe('6a88')
  })
})

describe('other commands', () => {
  test.each([
    ['GET DATA that OpenSC probes with', '00cadf3000', '6d00'],
    ['GET DATA of the other form', '00cb3fff00', '6a88'],
    ['an unknown instruction', '00ee0000', '6d00'],
    ['another logical channel', '01a40000', '6881'],
    ['the third logical channel', '03a40000', '6881'],
    ['a further logical channel', '40a40000', '6881'],
    ['secure messaging', '0ca40000', '6882'],
    ['a class of somebody else', 'a0a40000', '6e00'],
    ['half a header', '00a404', '6700'],
    ['an Lc that promises more than comes', '00a4040c0a0000', '6700'],
    ['a challenge before any application', '0084000008', '6985'],
  ])('%s', async (_name, command, expected) => {
    expect(await insert().sw(command)).toBe(expected)
  })

  test('give challenges of the length asked for', async () => {
    const { send, sw } = insert()
    await send(SELECT_AP)
    expect((await send('0084000008')).data.length).toBe(8)
    expect((await send('0084000000')).data.length).toBe(256)
    expect(await sw('0084010008')).toBe('6a86')
  })

  test('are taken in extended form', async () => {
    const { send } = insert()
    await send(SELECT_AP)
    const { data, sw } = await send('00b08a0000000a')
    expect([sw, data.length]).toEqual(['9000', 10])
  })

  test('give no more than 256 bytes at a time, however long the extended Le', async () => {
    const { send } = insert()
    await send(SELECT_AP)
    for (const le of ['0000', '0400', 'ffff']) {
      const { data, sw } = await send(`00b08a0000${le}`)
      expect([sw, data.length]).toEqual(['9000', 256])
    }
  })

  test('take as long as the knob says, and are not answered when the card is taken away meanwhile', async () => {
    const latencyMilliseconds = 40
    const slow = () =>
      new SimulatedCard(cardFile(), memory(), { random: systemRandom, latencyMilliseconds })
    const began = performance.now()
    await slow().transmit(fromHex(SELECT_AP))
    expect(performance.now() - began).toBeGreaterThan(latencyMilliseconds - 2)
    const card = slow()
    const answer = card.transmit(fromHex(SELECT_AP))
    card.remove()
    await expect(answer).rejects.toMatchObject({ code: 'CARD_REMOVED' })
  })

  test('fail once the card was taken away', async () => {
    const { card } = insert()
    card.remove()
    await expect(card.transmit(fromHex(SELECT_AP))).rejects.toMatchObject({ code: 'CARD_REMOVED' })
  })

  test('of any bytes get a status word and never a PIN or an open file', async () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 6 }), async (commands) => {
        const { card } = insert()
        await card.transmit(fromHex(SELECT_AP))
        for (const command of commands) {
          const response = await card.transmit(command)
          expect(response.length).toBeGreaterThanOrEqual(2)
        }
        await card.transmit(fromHex(SELECT_AP))
        expect((await card.transmit(fromHex('00b0810000'))).length).toBe(2)
      }),
      { numRuns: 60 },
    )
  })
})
