import { describe, expect, test } from 'vitest'
import { deriveClaims, type KeptAttributes } from './derive-claims.ts'
import { HANAKO, TOWNS } from './temporary-wallet.ts'
import type { SealedAttributes } from './ports.ts'

const AT = new Date('2026-11-26T00:00:00Z')

function keep({ asOf, ...values }: SealedAttributes, stale = false): KeptAttributes {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, asOf, stale }]),
  )
}
const valuesOf = (attributes: SealedAttributes): Record<string, string | boolean> =>
  Object.fromEntries([...deriveClaims(keep(attributes), TOWNS, AT)].map(([n, c]) => [n, c.value]))

const text = (value: string, substituted = false) => ({ value, substituted })

test('claims follow from the attributes of the card', () => {
  expect(valuesOf(HANAKO)).toEqual({
    name: '見本　花子',
    family_name: '見本',
    given_name: '花子',
    address: '模擬県翠川市若葉町１丁目２番３号',
    muni_code: '99201',
    municipality: '模擬県翠川市',
    pref_code: '99',
    birthdate: '1992-07-29',
    birth_year: '1992',
    age_over_13: true,
    age_over_15: true,
    age_over_18: true,
    age_over_20: true,
    age_over_60: false,
    age_over_65: false,
    gender: 'female',
  })
})

test('what is not on the card gives no claim', () => {
  expect(valuesOf({ asOf: '2026-01-01' })).toEqual({})
  const { birthdate: _unknown, ...withoutBirthdate } = HANAKO
  const names = Object.keys(valuesOf(withoutBirthdate))
  expect(names.filter((name) => name.startsWith('age') || name.startsWith('birth'))).toEqual([])
})

test.each([
  ['見本花子', 'no space'],
  ['見本　花　子', 'two spaces'],
  ['　花子', 'no family name'],
  ['見本 花子', 'an ordinary space'],
])('a name is not split where nobody can tell: %s (%s)', (name) => {
  const values = valuesOf({ name: text(name), asOf: '2026-01-01' })
  expect(values).toEqual({ name })
})

test('stand-in characters are told, and staleness goes on to what is derived', () => {
  const attributes = { ...HANAKO, name: text('見本　花〓', true) }
  const claims = deriveClaims(keep(attributes, true), TOWNS, AT)
  expect(claims.get('given_name')?.quality).toBe('substituted')
  expect(claims.get('birthdate')?.quality).toBe('exact')
  expect([...claims.values()].every(({ stale }) => stale)).toBe(true)
})

describe('the municipality', () => {
  const midorikawa = { prefecture: 'Mogi-ken', city: 'Midorikawa-shi' }
  const of = (attributes: Omit<SealedAttributes, 'asOf'>) =>
    valuesOf({ ...attributes, asOf: '2026-01-01' })['municipality']
  test.each<[string, Omit<SealedAttributes, 'asOf'>, string | undefined]>([
    ['from both', { municipality: midorikawa, address: text('模擬県翠川市１') }, '模擬県翠川市'],
    ['from the certificate alone', { municipality: midorikawa }, '模擬県翠川市'],
    ['from the address alone', { address: text('模擬県汐見市港町') }, '模擬県汐見市'],
    ['unknown town', { municipality: { ...midorikawa, city: 'Nowhere-shi' } }, undefined],
    ['unknown address', { address: text('どこか') }, undefined],
    ['another prefecture', { municipality: { ...midorikawa, prefecture: 'X' } }, undefined],
    ['the two disagree', { municipality: midorikawa, address: text('模擬県汐見市１') }, undefined],
    [
      'the address is of no known town',
      { municipality: midorikawa, address: text('別県') },
      undefined,
    ],
    [
      'unknown town, known address',
      { municipality: { ...midorikawa, city: 'Z' }, address: text('模擬県汐見市') },
      undefined,
    ],
    [
      'stand-ins are not compared',
      { municipality: midorikawa, address: text('〓県', true) },
      '模擬県翠川市',
    ],
    ['stand-ins alone tell nothing', { address: text('模擬県汐見市〓', true) }, undefined],
  ])('%s', (_name, attributes, expected) => {
    expect(of(attributes)).toBe(expected)
  })
  test('is the longest match where one name begins another', () => {
    const longer = {
      ...TOWNS[0],
      code: '1',
      addressPrefix: '模擬県翠川市東区',
      name: { ja: '東区', en: 'E' },
    }
    const table = [...TOWNS, { prefecture: 'p', city: 'c', ...longer }]
    const kept = keep({ address: text('模擬県翠川市東区１'), asOf: '2026-01-01' })
    expect(deriveClaims(kept, table, AT).get('municipality')?.value).toBe('東区')
    const twice = [...TOWNS, ...TOWNS]
    expect(deriveClaims(kept, twice, AT).get('municipality')).toBeUndefined()
  })
})

test.each([
  ['1', 'male'],
  ['2', 'female'],
  ['3', 'unknown'],
  ['0', 'unknown'],
  ['9', 'not_applicable'],
  ['7', undefined],
])('sex code %s reads %s', (gender, expected) => {
  expect(valuesOf({ gender, asOf: '2026-01-01' })['gender']).toBe(expected)
})
