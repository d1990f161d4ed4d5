import { afterAll, beforeAll, expect, test } from 'vitest'
import { RelyingPartyChanged } from '../../proto/gen/watashi/registry/v1/registry.ts'
import { seedRegistry } from './seed-registry.ts'
import { openStand, registrationFiles, type Stand } from './stand-grpc.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const last = () => RelyingPartyChanged.decode(stand.events.at(-1)?.value ?? new Uint8Array())

test('a first seed announces every relying party whole, without keys', () => {
  expect(stand.events.map(({ key, topic }) => [topic, key])).toEqual([
    ['registry.events.v1', 'library'],
    ['registry.events.v1', 'liquor'],
    ['registry.events.v1', 'bank'],
  ])
  const bank = last()
  expect(bank).toMatchObject({ rpId: 'bank', sectorId: 'sector-bank', version: 1, active: true })
  expect(bank.purposes[0]).toMatchObject({ claims: ['age_over_20', 'name'], retentionDays: 30 })
  expect(bank.purposes[0]?.noticeDigest).toHaveLength(32)
})
test('the same files again announce nothing', async () => {
  const before = stand.events.length
  expect(await seedRegistry(stand.seed, registrationFiles(stand.keys))).toEqual([])
  expect(stand.events).toHaveLength(before)
})
test('a changed one is announced with its next version', async () => {
  const [library, ...others] = registrationFiles(stand.keys)
  if (library === undefined) throw new Error('expected files')
  const changed = { ...library, text: library.text.replace('shop library', 'new name') }
  expect(await seedRegistry(stand.seed, [changed, ...others])).toEqual(['library'])
  expect(last()).toMatchObject({ rpId: 'library', version: 2, name: { en: 'new name' } })
})
test('one whose file is gone is switched off, and may not call any more', async () => {
  const files = registrationFiles(stand.keys).filter(({ file }) => file !== 'library.yaml')
  expect(await seedRegistry(stand.seed, files)).toEqual(['library'])
  expect(last()).toMatchObject({ rpId: 'library', version: 3, active: false })
  expect(await stand.federation.registry.authenticationOf('library')).toBeUndefined()
})
test('nothing is taken when one of them is wrong', async () => {
  const [liquor, ...others] = registrationFiles(stand.keys)
  if (liquor === undefined) throw new Error('expected files')
  const before = stand.events.length
  const wrong = { ...liquor, text: liquor.text.replace('level: AAL1', 'level: AAL9') }
  await expect(seedRegistry(stand.seed, [...others, wrong])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  expect(stand.events).toHaveLength(before)
})
