import Sqlite from 'better-sqlite3'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { SealedAttributes } from './ports.ts'
import { LIQUOR, openTemporaryWallet, type TemporaryWallet } from './temporary-wallet.ts'

const CANARY = 'canary-5b1f0c9e7d424a869d1b'
const [ERASED, OTHER] = ['subject-erased', 'subject-other']
const attributes = (suffix: string): SealedAttributes => ({
  name: { value: `${CANARY}-name-${suffix}`, substituted: false },
  address: { value: `模擬県翠川市${CANARY}-address-${suffix}`, substituted: false },
  birthdate: '1992-07-29',
  asOf: '2026-01-01',
})

let wallet: TemporaryWallet
let file = ''
const asked: boolean[] = []
/** What `wal_checkpoint(TRUNCATE)` on the file does for the composition root. */
function scrub(): boolean {
  const connection = new Sqlite(file)
  const [result] = connection.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
  connection.close()
  asked.push(result?.busy === 0)
  return result?.busy === 0
}

beforeEach(async () => {
  asked.length = 0
  wallet = await openTemporaryWallet({ scrub: async () => scrub() })
  file = wallet.file
  await wallet.register({
    ...LIQUOR,
    purposes: LIQUOR.purposes.map((p) => ({ ...p, claims: ['name', 'birthdate', 'address'] })),
  })
  for (const person of [ERASED, OTHER]) {
    await wallet.enrol(person, attributes(person))
    const gov = await wallet.personaId(person, 'gov')
    await wallet.person.changePersona(person, gov, { label: CANARY })
    await wallet.release(wallet.request(person, LIQUOR, 'name', 'age_over_20'), gov)
  }
})
afterEach(() => wallet[Symbol.asyncDispose]())

const everything = () =>
  ['', '-wal']
    .map((suffix) => Buffer.from(readFileSync(file + suffix)))
    .reduce((a, b) => Buffer.concat([a, b]))
const rowsOf = (person: string): Record<string, number> => {
  const connection = new Sqlite(file, { readonly: true })
  const tables = [
    'attribute',
    'persona',
    'binding',
    'pairwise',
    'threshold',
    'release',
    'release_value',
    'ticket',
  ]
  const counts = Object.fromEntries(
    tables.map((table) => {
      const statement = connection.prepare(
        `select count(*) as n from wallet_${table} where subject_ref = ?`,
      )
      return [table, (statement.get(person) as { n: number }).n]
    }),
  )
  connection.close()
  return counts
}

test('no attribute stands in the clear, erased or not', () => {
  expect(everything().includes(CANARY)).toBe(false)
  expect(
    wallet.logged.join('') +
      JSON.stringify(wallet.published.map((e) => Buffer.from(e.value).toString('latin1'))),
  ).not.toContain(CANARY)
})

describe('after erasure', () => {
  let before: { wrapped: Buffer[]; sealed: Buffer[]; keyIds: string[] }
  beforeEach(async () => {
    const { keyStore, people } = wallet.parts
    const keys = await wallet.database.read((tx) => keyStore.ofPerson(tx, ERASED))
    const rows = await wallet.database.read((tx) => people.attributes(tx, ERASED))
    const gone = keys.filter(({ keyClass }) => keyClass !== 'ledger')
    before = {
      wrapped: gone.map((key) => Buffer.from(key.wrapped)),
      sealed: rows.map((row) => Buffer.from(row.sealed)),
      keyIds: keys.map((key) => key.keyId),
    }
    expect(before.wrapped.every((bytes) => everything().includes(bytes))).toBe(true)
    await wallet.person.erase(ERASED, wallet.clock.now())
  })

  test('no key and no sealed value of the person is left in the file or its log', () => {
    expect(asked).toEqual([true])
    const bytes = everything()
    for (const gone of [...before.wrapped, ...before.sealed])
      expect(bytes.includes(gone)).toBe(false)
  })

  test('nothing of the person is left in the tables, and everything of others', async () => {
    expect(Object.values(rowsOf(ERASED))).toEqual(Array(8).fill(0))
    expect(rowsOf(OTHER)).toMatchObject({ attribute: 3, persona: 3, pairwise: 1, release: 1 })
    const overview = await wallet.person.overview(OTHER, wallet.clock.now())
    expect(overview.attributes[0]?.value).toBe(`${CANARY}-name-${OTHER}`)
    expect((await wallet.person.ledger(OTHER)).intact).toBe(true)
  })

  test('relying parties and others are told, without a value', () => {
    const types = wallet.published.map((event) => event.type.split('.').at(-1))
    expect(types).toEqual(['ReleaseIssued', 'ReleaseIssued', 'ReleaseRevoked', 'SubjectErased'])
    const last = SubjectErased.decode(wallet.published.at(-1)?.value ?? new Uint8Array())
    expect(last.subjectRef).toBe(ERASED)
    expect([...last.keyIds].sort()).toEqual([...before.keyIds].sort())
  })

  test('the pseudonym leads to nobody and nothing can be asked for', async () => {
    const { port } = wallet
    const at = wallet.clock.now()
    expect(await port.pairwiseSubjects(ERASED, 'retail')).toEqual([])
    expect(await port.personas(ERASED)).toEqual([])
    expect(await port.boundPersona(ERASED, 'retail')).toBeUndefined()
    expect(await wallet.person.ledger(ERASED)).toEqual({ entries: [], intact: true })
    expect((await wallet.person.overview(ERASED, at)).attributes).toEqual([])
    const notFound = expect.objectContaining({ code: 'NOT_FOUND' }) as Error
    await expect(port.pairwiseSubject(ERASED, 'retail', 'x')).rejects.toThrow(notFound)
    const request = wallet.request(ERASED, LIQUOR, 'name')
    await expect(port.offer(request, 'x', at)).rejects.toThrow(notFound)
    await port.refuse(request, undefined, 'UNSATISFIABLE', at)
    expect(Object.values(rowsOf(ERASED))).toEqual(Array(8).fill(0))
  })

  test('erasing again changes nothing', async () => {
    const count = wallet.published.length
    await wallet.person.erase(ERASED, wallet.clock.now())
    await wallet.person.erase('nobody', wallet.clock.now())
    expect(wallet.published).toHaveLength(count)
  })

  test('the record of disclosure is kept for three years, and then goes too', async () => {
    const { ledger, keyStore } = wallet.parts
    const count = async () =>
      (await wallet.database.read((tx) => ledger.ofPerson(tx, ERASED))).length
    expect(await count()).toBe(3) // released, revoked, erased
    wallet.clock.set('2029-11-25T00:00:00Z')
    await wallet.sweep(wallet.clock.now())
    expect(await count()).toBe(3)
    wallet.clock.set('2029-11-27T00:00:00Z')
    await wallet.sweep(wallet.clock.now())
    expect(await count()).toBe(0)
    expect(await wallet.database.read((tx) => keyStore.ofPerson(tx, ERASED))).toEqual([])
  })
})

test('a scrub that could not be done is done by the next sweep', async () => {
  let able = false
  await using other = await openTemporaryWallet({ scrub: async () => able })
  await other.enrol(ERASED)
  await other.person.erase(ERASED, other.clock.now())
  const waiting = () => other.database.read((tx) => other.parts.people.unscrubbed(tx))
  expect(await waiting()).toEqual([ERASED])
  able = true
  await other.sweep(other.clock.now())
  expect(await waiting()).toEqual([])
})

test('a crash in the middle of an erasure leaves all or nothing', async () => {
  await using other = await openTemporaryWallet({
    publisher: {
      publish: async (_tx, event) => {
        if (event.type.endsWith('SubjectErased')) throw new Error('killed')
        return 'id'
      },
    },
  })
  await other.enrol(ERASED)
  await expect(other.person.erase(ERASED, other.clock.now())).rejects.toThrow('killed')
  expect((await other.person.overview(ERASED, other.clock.now())).attributes).toHaveLength(5)
})
