import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakePcsc, FakeReader, type FakePcsc } from '../../test/support/fake-pcsc.ts'
import { openCardReaders } from '../card/pcsc-transport.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { simulatedCards } from '../simulator/card-reader.ts'
import { keyPool } from '../simulator/key-pool.ts'
import { openSimulator } from '../simulator/simulator-core.ts'
import { cardsFor } from './card-sources.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'watashi-cards-'))
const config = { dataDir, random: systemRandom }
let pcsc: FakePcsc

beforeEach(async () => {
  await openSimulator({
    ...config,
    environment: 'simulator',
    clock: new FrozenClock('2026-11-26T00:00:00Z'),
    keySource: keyPool(1),
  })
  pcsc = fakePcsc()
})
afterEach(() => expect(pcsc.running).toBe(0))

const openReaders = () => openCardReaders(async () => pcsc.library)

test('in the simulator environment offers simulated cards, then those in readers', async () => {
  const simulated = simulatedCards(dataDir, systemRandom)
  const inserted = await simulated.open('hanako-card')
  pcsc.readers.push(new FakeReader('A', () => inserted))
  const cards = await cardsFor({ ...config, environment: 'simulator', openReaders })
  const ids = (await cards.list()).map(({ id }) => id)
  expect(ids.slice(0, -1)).toEqual((await simulated.list()).map(({ id }) => id))
  expect(cards.notice).toEqual(simulated.notice)
  await (await cards.open('yota-card')).close()
  await expect(cards.open(ids.at(-1) ?? '')).resolves.toBeDefined()
  cards.close()
})

test('in the simulator environment a machine without service or readers lacks nothing', async () => {
  pcsc.fault = 'NoService'
  for (const open of [openReaders, () => openCardReaders(() => Promise.reject(new Error()))]) {
    const cards = await cardsFor({ ...config, environment: 'simulator', openReaders: open })
    expect((await cards.list()).length).toBeGreaterThan(3)
    cards.close()
  }
})

test.each(['jpki-test', 'production'] as const)(
  'in %s offers cards in readers only',
  async (environment) => {
    const cards = await cardsFor({ ...config, environment, openReaders })
    await expect(cards.list()).rejects.toMatchObject({ code: 'NO_READER' })
    await expect(cards.open('hanako-card')).rejects.toMatchObject({ code: 'CARD_REMOVED' })
    expect(cards.notice).toBeUndefined()
    cards.close()
  },
)
