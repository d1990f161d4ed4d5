import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { SimulatedCard } from '../simulator/card.ts'
import { exportKey } from '../simulator/keys.ts'
import { keyPool } from '../simulator/key-pool.ts'
import { openSimulator, type SimulatorCore } from '../simulator/simulator-core.ts'
import { referenceB, TextIssuer } from '../simulator/text-issuer.ts'
import { parseCommand } from './apdu.ts'
import { JpkiCard } from './jpki-card.ts'
import { TextCard, type TextEvidence } from './text-card.ts'
import { readAttributesFile, writeAttributesFile } from './text-format.ts'
import { pinnedTextRoots } from './text-roots.ts'
import type { CardTransport } from './transport.ts'
import { verifyText } from './verify-text.ts'

const CHALLENGE = utf8('a challenge for this card')
const PIN = new Secret('1234')

let simulator: SimulatorCore

beforeAll(async () => {
  simulator = await openSimulator({
    environment: 'simulator',
    dataDir: mkdtempSync(join(tmpdir(), 'watashi-text-')),
    clock: new FrozenClock('2026-11-26T00:00:00Z'),
    random: systemRandom,
    keySource: keyPool(16),
  })
})

beforeEach(() => {
  for (const pin of ['text', 'referenceB'] as const) simulator.office.unblockPin('hanako-card', pin)
})

const printed = () =>
  new Secret(simulator.cards.pins('hanako-card').load().referenceB?.pin ?? 'no 照合番号B')

/** A card that remembers every command that reached it. */
function insert(id = 'hanako-card'): { transport: CardTransport; sent: Uint8Array[] } {
  const card = new SimulatedCard(simulator.cards.card(id), simulator.cards.pins(id), {
    random: systemRandom,
  })
  const sent: Uint8Array[] = []
  const transmit = (apdu: Uint8Array) => {
    sent.push(apdu)
    return card.transmit(apdu)
  }
  return { transport: { transmit, close: () => card.close() }, sent }
}

/** What a card says and what it signs. */
async function evidenceOf(
  id = 'hanako-card',
): Promise<{ evidence: TextEvidence; signature: Uint8Array }> {
  const card = await TextCard.open(insert(id).transport)
  await card.verifyPin('pin', PIN)
  const evidence = await card.read()
  const signature = await card.signChallenge(CHALLENGE)
  await card.close()
  return { evidence, signature }
}

describe('the card', () => {
  test.each([
    ['its PIN', 'pin', () => PIN],
    ['照合番号B', 'referenceB', printed],
  ] as const)('gives the four attributes for %s', async (_name, pin, value) => {
    const card = await TextCard.open(insert().transport)
    await card.verifyPin(pin, value())
    const { attributes } = readAttributesFile((await card.read()).attributes)
    const { name, address, birthDate, sex } = simulator.office.people.find(
      ({ id }) => id === 'hanako',
    )?.attributes ?? { name: '', address: '', birthDate: '', sex: '' }
    expect(attributes).toEqual({
      name,
      address,
      birthDate: birthDate.replaceAll('-', ''),
      sex,
    })
  })

  test('gives nothing without one of them, and signs a challenge all the same', async () => {
    const card = await TextCard.open(insert().transport)
    await expect(card.read()).rejects.toMatchObject({ code: 'CARD_PROTOCOL' })
    expect(await card.signChallenge(CHALLENGE)).toHaveLength(256)
  })

  test('tells a wrong PIN, stops before the last try, and keeps 照合番号B apart', async () => {
    const card = await TextCard.open(insert().transport)
    const wrong = () => card.verifyPin('pin', new Secret('0000'))
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_WRONG', triesLeft: 2 })
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_WRONG', triesLeft: 1 })
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_LAST_TRY' })
    expect(await card.triesLeft('pin')).toBe(1)
    expect(await card.triesLeft('referenceB')).toBe(10)
  })

  test.each([
    ['pin', '123'],
    ['pin', '12a4'],
    ['referenceB', '5502172035228'],
    ['referenceB', ''],
  ] as const)('is not bothered with %s %j', async (pin, value) => {
    const { transport, sent } = insert()
    const card = await TextCard.open(transport)
    const before = sent.length
    const refused = card.verifyPin(pin, new Secret(value))
    await expect(refused).rejects.toMatchObject({ code: 'PIN_MALFORMED' })
    expect(sent.length).toBe(before)
  })

  test('has the application; a phone has not', async () => {
    await expect(TextCard.open(insert('hanako-phone').transport)).rejects.toMatchObject({
      code: 'NOT_A_JPKI_CARD',
    })
  })

  test('that claims a file of more than any card has is refused', async () => {
    const answers = ['9000', '9000', 'ff2082ffff9000']
    const card = await TextCard.open({
      transmit: async () => fromHex(answers.shift() ?? '6f00'),
      close: async () => undefined,
    })
    await expect(card.read()).rejects.toMatchObject({ code: 'CARD_PROTOCOL' })
  })

  test('has the address of after a move', async () => {
    const { evidence } = await evidenceOf('misaki-card')
    expect(readAttributesFile(evidence.attributes).attributes.address).toContain('汐見市')
  })
})

describe('the 個人番号', () => {
  const TEXT_AP = 'd3921000310001010408'

  /** Commands that select or read EF 0001 while 券面事項入力補助AP is current. */
  function touches(sent: readonly Uint8Array[]): string[] {
    let application = ''
    return sent.flatMap((apdu) => {
      const { ins, p1, data = new Uint8Array() } = parseCommand(apdu) ?? { ins: 0, p1: 0 }
      if (ins === 0xa4 && p1 === 0x04) application = toHex(data)
      const selects = ins === 0xa4 && p1 !== 0x04 && toHex(data) === '0001'
      const readsBySfi = ins === 0xb0 && (p1 & 0xe0) === 0x80 && (p1 & 0x1f) === 1
      return application === TEXT_AP && (selects || readsBySfi) ? [toHex(apdu)] : []
    })
  }

  test('would be noticed if it were asked for', () => {
    const select = `00a4040c0a${TEXT_AP}`
    for (const asked of ['00a4020c020001', '00a40000020001', '00b0810000', '00b0811000']) {
      expect(touches([fromHex(select), fromHex(asked)])).toEqual([asked])
    }
    // The same bytes in JPKI-AP mean the 署名用 certificate.
    const jpki = fromHex('00a4040c0ad392f000260100000001')
    expect(touches([jpki, fromHex('00a4020c020001')])).toEqual([])
  })

  test.each(['pin', 'referenceB'] as const)(
    'is never asked for, though the card would give it for the PIN (%s)',
    async (pin) => {
      const { transport, sent } = insert()
      const card = await TextCard.open(transport)
      await card.triesLeft('pin')
      await card.triesLeft('referenceB')
      await card.verifyPin(pin, pin === 'pin' ? PIN : printed())
      await card.read()
      await card.signChallenge(CHALLENGE)
      await card.close()
      expect(sent.length).toBeGreaterThan(15)
      expect(touches(sent)).toEqual([])
    },
  )

  test('is never asked for by the client of JPKI-AP either', async () => {
    const { transport, sent } = insert()
    const card = await JpkiCard.open(transport)
    await card.tokenType()
    for (const use of ['signature', 'authentication'] as const) {
      await card.verifyPin(use, new Secret(use === 'signature' ? 'ABC123' : '1234'))
      await card.readCertificate(use)
      await card.sign(use, CHALLENGE)
    }
    await card.close()
    expect(touches(sent)).toEqual([])
    expect(sent.map(toHex).some((apdu) => apdu.includes(TEXT_AP))).toBe(false)
  })

  test('on every simulated card is the same invented one, which is none by its check digit', () => {
    const numbers = simulator.cards
      .list()
      .flatMap(({ text }) => (text ? [Buffer.from(text.number, 'base64').toString('latin1')] : []))
    expect(numbers).toHaveLength(4)
    expect(new Set(numbers).size).toBe(1)
    const [digits = ''] = /\d{12}/.exec(numbers[0] ?? '') ?? []
    expect(Number(digits[11])).not.toBe(checkDigit(digits))
  })

  /** 個人番号の指定等に関する省令 第五条 */
  function checkDigit(digits: string): number {
    const sum = [...digits.slice(0, 11)]
      .reverse()
      .reduce((total, digit, at) => total + Number(digit) * (at < 6 ? at + 2 : at - 4), 0)
    return sum % 11 <= 1 ? 0 : 11 - (sum % 11)
  }
})

describe('the ladder', () => {
  const roots = () => [simulator.textRoot]
  let evidence: TextEvidence
  let signature: Uint8Array
  beforeAll(async () => {
    ;({ evidence, signature } = await evidenceOf())
  })
  const presence = () => ({ challenge: CHALLENGE, signature })

  test('is climbed to the top with a challenge, and without one stops below it', () => {
    const top = verifyText(evidence, { roots: roots(), presence: presence() })
    expect(top).toMatchObject({ rung: 'PRESENT', attributes: { name: '見本　花子' } })
    expect(top.shortfall).toBeUndefined()
    expect(verifyText(evidence, { roots: roots() })).toMatchObject({
      rung: 'ANCHORED',
      shortfall: 'NO_CHALLENGE',
    })
  })

  test.each(['production', 'jpki-test'] as const)(
    'has no rung above SIGNED under the roots of %s',
    (environment) => {
      const pinned = pinnedTextRoots(environment)
      expect(pinned).toHaveLength(1)
      expect(verifyText(evidence, { roots: pinned, presence: presence() })).toMatchObject({
        rung: 'SIGNED',
        shortfall: 'UNKNOWN_ROOT',
      })
    },
  )

  test('keeps the pinned roots of two environments apart', () => {
    const [production] = pinnedTextRoots('production')
    const [ofTest] = pinnedTextRoots('jpki-test')
    expect(Buffer.from(production?.keyId ?? '', 'hex').toString('latin1', 0, 7)).toBe('5000033')
    expect(Buffer.from(ofTest?.keyId ?? '', 'hex').toString('latin1', 0, 7)).toBe('6000033')
    const modulus = (root: typeof production) => root?.publicKey.export({ format: 'jwk' }).n
    expect(modulus(production)).not.toBe(modulus(ofTest))
  })

  test('does not take a root by its name alone', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const impostor = [{ keyId: simulator.textRoot.keyId, publicKey }]
    expect(verifyText(evidence, { roots: impostor, presence: presence() })).toMatchObject({
      rung: 'SIGNED',
      shortfall: 'CERTIFICATE_SIGNATURE_WRONG',
    })
  })

  test('does not take an issuer that made its own certificate', () => {
    const key = () => exportKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    const impostor = new TextIssuer({ root: key(), issuer: key() })
    const written = impostor.write(
      { name: '偽物　太郎', address: '模擬県', birthDate: '1990-01-01', sex: '1' },
      key(),
    )
    const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
    const forged = {
      attributes: bytes(written.attributes),
      integrity: bytes(written.integrity),
      certificate: bytes(written.certificate),
      signedKey: bytes(written.signedKey),
    }
    expect(verifyText(forged, { roots: roots(), presence: presence() })).toMatchObject({
      rung: 'SIGNED',
      shortfall: 'CERTIFICATE_SIGNATURE_WRONG',
    })
    expect(verifyText(forged, { roots: [impostor.root] })).toMatchObject({ rung: 'ANCHORED' })
    // A genuine certificate beside records of the impostor's.
    const mixed = { ...forged, certificate: evidence.certificate }
    expect(verifyText(mixed, { roots: roots() })).toMatchObject({
      rung: 'WELL_FORMED',
      shortfall: 'RECORD_SIGNATURE_WRONG',
    })
  })

  test('stops where files of two genuine cards are mixed', async () => {
    const other = await evidenceOf('ichiro-card')
    const checks = { roots: roots(), presence: presence() }
    const attributes = { ...evidence, attributes: other.evidence.attributes }
    expect(verifyText(attributes, checks)).toMatchObject({
      rung: 'WELL_FORMED',
      shortfall: 'ATTRIBUTES_DIGEST_WRONG',
    })
    const signedKey = { ...evidence, signedKey: other.evidence.signedKey }
    expect(verifyText(signedKey, checks)).toMatchObject({
      rung: 'ANCHORED',
      shortfall: 'CHALLENGE_SIGNATURE_WRONG',
    })
  })

  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, index) => (index === (at + bytes.length) % bytes.length ? byte ^ 1 : byte))

  test.each([
    ['the digest of EF 0001 (DF31)', 'integrity', 10, 'WELL_FORMED', 'RECORD_SIGNATURE_WRONG'],
    ['the digest of EF 0002 (DF32)', 'integrity', 50, 'WELL_FORMED', 'ATTRIBUTES_DIGEST_WRONG'],
    ['the signature over both (DF33)', 'integrity', -1, 'WELL_FORMED', 'RECORD_SIGNATURE_WRONG'],
    ['the sex', 'attributes', -1, null, 'MALFORMED'],
    ['a figure of the birth date', 'attributes', -5, 'WELL_FORMED', 'ATTRIBUTES_DIGEST_WRONG'],
    ['the table of offsets', 'attributes', 8, null, 'MALFORMED'],
    ['the name of the root', 'certificate', 15, 'SIGNED', 'UNKNOWN_ROOT'],
    ['the name of the issuer', 'certificate', 30, 'SIGNED', 'CERTIFICATE_SIGNATURE_WRONG'],
    ['the signature of the root', 'certificate', -1, 'SIGNED', 'CERTIFICATE_SIGNATURE_WRONG'],
    ['the key of the card', 'signedKey', 40, 'ANCHORED', 'CARD_KEY_SIGNATURE_WRONG'],
    ['the signature over that key', 'signedKey', -1, 'ANCHORED', 'CARD_KEY_SIGNATURE_WRONG'],
  ] as const)('notices another bit in %s', (_name, file, at, rung, shortfall) => {
    const changed = { ...evidence, [file]: flipped(evidence[file], at) }
    const verdict = verifyText(changed, { roots: roots(), presence: presence() })
    expect(verdict).toMatchObject({ rung, shortfall })
  })

  test('does not take the answer to another challenge', () => {
    const other = { challenge: utf8('another challenge'), signature }
    expect(verifyText(evidence, { roots: roots(), presence: other })).toMatchObject({
      rung: 'ANCHORED',
      shortfall: 'CHALLENGE_SIGNATURE_WRONG',
    })
  })

  test.each(['attributes', 'integrity', 'certificate', 'signedKey'] as const)(
    'takes %s in its documented form alone',
    (file) => {
      const checks = { roots: roots(), presence: presence() }
      const refused = { rung: null, shortfall: 'MALFORMED' }
      const whole = evidence[file]
      for (const bytes of [
        new Uint8Array(),
        whole.slice(0, -1),
        concatBytes(whole, Uint8Array.of(0)),
        concatBytes(Uint8Array.of(0x30), whole.slice(1)),
      ]) {
        expect(verifyText({ ...evidence, [file]: bytes }, checks)).toEqual(refused)
      }
    },
  )

  test('never reaches the top with any byte changed, and never throws', () => {
    const files = fc.constantFrom('attributes', 'integrity', 'certificate', 'signedKey')
    fc.assert(
      fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), (file, at, mask) => {
        const original = evidence[file]
        const bytes = original.map((byte, index) =>
          index === at % original.length ? byte ^ mask : byte,
        )
        const changed = { ...evidence, [file]: bytes }
        expect(verifyText(changed, { roots: roots(), presence: presence() }).rung).not.toBe(
          'PRESENT',
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('the documented record of a test card', () => {
  const FILE = fromHex(
    'ff2065df2108000e002000590064df220fe9bb92e6a190e38080e5b9b9e4b99f' +
      'df2336e69db1e4baace983bde6b885e780ace5b882e8a6b3e5b883e5ad90e58d' +
      '97efbc91efbc92efbc8defbc97efbc8defbc92efbc90efbc92df240831393830' +
      '30323137df250131',
  )

  test('is read, and written again byte for byte', () => {
    const { attributes } = readAttributesFile(FILE)
    expect(attributes).toEqual({
      name: '黒桐　幹也',
      address: '東京都清瀬市観布子南１２－７－２０２',
      birthDate: '19800217',
      sex: '1',
    })
    expect(toHex(writeAttributesFile(attributes))).toBe(toHex(FILE))
  })

  test.each([
    ['1980-02-17', '550217'],
    ['1989-01-07', '640107'],
    ['1989-01-08', '010108'],
    ['2019-04-30', '310430'],
    ['2019-05-01', '010501'],
    ['400000000', '000000'],
  ])('has 照合番号B as printed for who was born on %s', (birthDate, printedDate) => {
    expect(referenceB(birthDate, 2035, '2285')).toBe(`${printedDate}20352285`)
  })
})
