import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { InvalidInput } from '../kernel/errors.ts'
import { readRegistration, registeredId } from './read-registration.ts'

const folder = new URL('../../deploy/rp/', import.meta.url)
const load = (name: string) => readFileSync(fileURLToPath(new URL(`${name}.yaml`, folder)), 'utf8')
const variables = {
  LIBRARY_ORIGIN: 'http://library.localhost:8101',
  LIQUOR_ORIGIN: 'http://liquor.localhost:8102',
  BANK_ORIGIN: 'http://bank.localhost:8103',
}
const developmentKeys = { bank: { keys: [{ kty: 'EC' }] } }
const read = (text: string, file = 'rp.yaml') =>
  readRegistration({ file, text, variables, developmentKeys })

describe('the sample registrations', () => {
  test('the library asks for no identity level', () => {
    const { minimum, purposes, returnUris } = read(load('library'))
    expect(minimum).toEqual({ axes: [], flags: [], profile: 'returning-visitor' })
    expect(purposes).toEqual([])
    expect(returnUris).toEqual(['http://library.localhost:8101/return'])
  })
  test('the liquor shop asks for one answer', () => {
    expect(read(load('liquor')).purposes[0]?.claims).toEqual(['age_over_20'])
  })
  test('the bank asks for the four attributes and a phishing-resistant login', () => {
    const { purposes, minimum, authentication } = read(load('bank'))
    expect(purposes[0]?.claims).toEqual(['name', 'address', 'birthdate', 'gender'])
    expect(minimum.profile).toBe('proofed-person-unphishable')
    expect(authentication).toEqual({ method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC' }] } })
  })
})

describe('the id of a registration', () => {
  test('is known before its variables are', () => {
    expect(registeredId(load('library'))).toBe('library')
  })
  test.each(['', 'name: x', 'rp_id: [', 'rp_id: ../up', 'rp_id: 1', '- rp_id'])(
    'is none in %j',
    (text) => {
      expect(registeredId(text)).toBeUndefined()
    },
  )
})

describe('a registration that cannot be taken', () => {
  const liquor = load('liquor')
  test.each([
    ['YAML that is none', 'rp_id: [', /^rp\.yaml:1:\d+: /],
    ['an unknown member', `${liquor}\nlogo: x\n`, /`logo`/],
    ['a missing member', liquor.replace(/^sector: .*$/m, ''), /`sector`/],
    [
      'a bad return URI',
      liquor.replace(/return_uris: .*/, "return_uris: ['javascript:x']"),
      /return_uris\/0/,
    ],
    ['a profile that can be none', liquor.replace('proofed-person', 'Proofed'), /minimum\/profile/],
    [
      'a profile of a purpose',
      liquor.replace(
        '    legal_basis',
        '    minimum: { profile: proofed-person }\n    legal_basis',
      ),
      /purposes\/0\/minimum.*`profile`/,
    ],
    ['an unknown persona', liquor.replace('[priv, gov]', '[priv, boss]'), /personas\/1/],
    [
      'the 個人番号',
      liquor.replace('[age_over_20]', '[age_over_20, individual_number]'),
      /purposes\/0\/claims\/1/,
    ],
    [
      'a variable that nobody set',
      liquor.replace('LIQUOR_ORIGIN', 'LIQUOUR_ORIGIN'),
      /`LIQUOUR_ORIGIN`/,
    ],
  ])('%s: the error names file and place', (_title, text, expected) => {
    expect(() => read(text)).toThrow(InvalidInput)
    expect(() => read(text)).toThrow(/rp\.yaml/)
    expect(() => read(text)).toThrow(expected)
  })
  test('development keys where there are none to be had', () => {
    const source = { file: 'bank.yaml', text: load('bank'), variables }
    expect(() => readRegistration(source)).toThrow(/bank\.yaml: \/authentication\/jwks/)
  })
})
