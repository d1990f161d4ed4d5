import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fakePcsc, FakeReader, pcscError } from '../../test/support/fake-pcsc.ts'
import { concatBytes, fromHex, toBase64 } from '../kernel/bytes.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { SimulatedCard } from '../simulator/card.ts'
import { JpkiCard } from './jpki-card.ts'
import { CardReaders, isReaderCard, openCardReaders } from './pcsc-transport.ts'
import type { CardTransport } from './transport.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const CERTIFICATE = concatBytes(fromHex('30820010'), new Uint8Array(0x10))
const ON_CARD = {
  certificate: toBase64(CERTIFICATE),
  privateKey: toBase64(privateKey.export({ type: 'pkcs8', format: 'der' })),
}

function myNumberCard(): CardTransport {
  const pins = {
    authentication: { pin: '1234', triesLeft: 3 },
    signature: { pin: 'ABC123', triesLeft: 5 },
  }
  const file = {
    version: 1 as const,
    id: 'someone',
    kind: 'card' as const,
    title: { ja: '見本', en: 'sample' },
    authentication: ON_CARD,
    authorities: { authentication: ON_CARD.certificate, signature: ON_CARD.certificate },
  }
  const memory = { load: () => pins, save: () => undefined }
  return new SimulatedCard(file, memory, { random: systemRandom })
}

/** A card of somebody else: it knows no application. */
const otherCard = (): CardTransport => ({
  transmit: async () => fromHex('6a82'),
  close: async () => undefined,
})

function readersWith(...readers: FakeReader[]) {
  const pcsc = fakePcsc(...readers)
  return { pcsc, cards: new CardReaders(pcsc.library) }
}

async function only(cards: CardReaders): Promise<string> {
  const [first] = await cards.list()
  return first?.id ?? ''
}

describe('a machine', () => {
  test('without the library is told apart, in one typed message', async () => {
    const opened = openCardReaders(() => Promise.reject(new Error('Cannot find package')))
    await expect(opened).rejects.toMatchObject({
      code: 'NO_READER_LIBRARY',
      message: expect.stringContaining('pcsc-mini') as string,
    })
  })

  test('where PC/SC does not run says so until it does', async () => {
    const { pcsc, cards } = readersWith(new FakeReader('A', myNumberCard))
    pcsc.fault = 'NoService'
    await expect(cards.list()).rejects.toMatchObject({ code: 'NO_READER_SERVICE' })
    await expect(cards.open('Reader-0000000000000000')).rejects.toMatchObject({
      code: 'NO_READER_SERVICE',
    })
    pcsc.fault = undefined
    expect(await cards.list()).toHaveLength(1)
    cards.close()
  })

  test('without a reader says so', async () => {
    const { cards } = readersWith()
    await expect(cards.list()).rejects.toMatchObject({ code: 'NO_READER' })
    cards.close()
  })

  test('whose service ended is looked at anew', async () => {
    const { pcsc, cards } = readersWith(new FakeReader('A', myNumberCard))
    await cards.list()
    pcsc.fail()
    expect(pcsc.running).toBe(0)
    expect(await cards.list()).toHaveLength(1)
    expect(pcsc.starts).toBe(2)
    cards.close()
    expect(pcsc.running).toBe(0)
  })
})

describe('the list of cards', () => {
  test('has those that answer as a My Number Card, of several readers', async () => {
    const readers = [
      new FakeReader('First', myNumberCard),
      new FakeReader('Empty'),
      new FakeReader('Transport ticket', otherCard),
      new FakeReader('Second', myNumberCard),
    ]
    const { cards } = readersWith(...readers)
    const listed = await cards.list()
    expect(listed.map(({ title }) => title.en)).toEqual([
      'Card reader (First)',
      'Card reader (Second)',
    ])
    expect(new Set(listed.map(({ id }) => id)).size).toBe(2)
    for (const { id } of listed) expect(isReaderCard(id)).toBe(true)
    cards.close()
  })

  test('lets go of every card that it looked at, reset', async () => {
    const reader = new FakeReader('A', myNumberCard)
    const other = new FakeReader('B', otherCard)
    const { cards } = readersWith(reader, other)
    await cards.list()
    for (const { done } of [reader, other]) expect(done).toEqual(['connect exclusive', 'reset'])
    cards.close()
  })

  test('has a card that another program holds, which cannot be opened', async () => {
    const reader = new FakeReader('A', myNumberCard)
    const { cards } = readersWith(reader)
    reader.fault = 'SharingViolation'
    const id = await only(cards)
    await expect(cards.open(id)).rejects.toMatchObject({ code: 'CARD_IN_USE' })
    reader.fault = undefined
    await (await cards.open(id)).close()
    cards.close()
  })

  test('follows cards and readers that come and go', async () => {
    const reader = new FakeReader('A')
    const { cards } = readersWith(reader)
    expect(await cards.list()).toEqual([])
    reader.power = myNumberCard
    reader.tell()
    expect(await cards.list()).toHaveLength(1)
    reader.power = undefined
    reader.tell()
    expect(await cards.list()).toEqual([])
    reader.emit('disconnect')
    await expect(cards.list()).rejects.toMatchObject({ code: 'NO_READER' })
    cards.close()
  })

  test('has no card that does not power up', async () => {
    const reader = new FakeReader('A', myNumberCard)
    reader.fault = 'UnresponsiveCard'
    const { cards } = readersWith(reader)
    expect(await cards.list()).toEqual([])
    cards.close()
  })
})

describe('a card in a reader', () => {
  test('is used alone and reset at the end, once', async () => {
    const reader = new FakeReader('A', myNumberCard)
    const { cards } = readersWith(reader)
    const id = await only(cards)
    reader.done.length = 0
    const card = await JpkiCard.open(await cards.open(id))
    await card.verifyPin('authentication', new Secret('1234'))
    await card.close()
    expect(reader.done).toEqual(['connect exclusive', 'reset'])
    await expect(card.triesLeft('authentication')).rejects.toMatchObject({ code: 'CARD_REMOVED' })
    expect(reader.done).toHaveLength(2)
    cards.close()
  })

  test('that is taken out between PIN and signature is gone, and closes without a fault', async () => {
    const reader = new FakeReader('A', myNumberCard)
    const { cards } = readersWith(reader)
    const card = await JpkiCard.open(await cards.open(await only(cards)))
    await card.verifyPin('authentication', new Secret('1234'))
    reader.power = undefined
    const signed = card.sign('authentication', new Uint8Array(8))
    await expect(signed).rejects.toMatchObject({ code: 'CARD_REMOVED' })
    await card.close()
    cards.close()
  })

  test('is let go of when it turns out to be another', async () => {
    const reader = new FakeReader('A', myNumberCard)
    const { cards } = readersWith(reader)
    const id = await only(cards)
    reader.power = otherCard
    reader.done.length = 0
    await expect(JpkiCard.open(await cards.open(id))).rejects.toMatchObject({
      code: 'NOT_A_JPKI_CARD',
    })
    expect(reader.done).toEqual(['connect exclusive', 'reset'])
    cards.close()
  })

  test('that cannot be reset any more is let go of all the same', async () => {
    const reader = new FakeReader('A', () => ({
      transmit: async () => fromHex('9000'),
      close: () => Promise.reject(pcscError('RemovedCard')),
    }))
    const { cards } = readersWith(reader)
    const card = await cards.open(await only(cards))
    await card.close()
    await expect(card.transmit(fromHex('00a40000'))).rejects.toMatchObject({
      code: 'CARD_REMOVED',
    })
    cards.close()
  })

  test.each(['Reader-0000000000000000', 'hanako-card', ''])('named %j is not there', async (id) => {
    const { cards } = readersWith(new FakeReader('A', myNumberCard))
    await expect(cards.open(id)).rejects.toMatchObject({ code: 'CARD_REMOVED' })
    cards.close()
  })
})
