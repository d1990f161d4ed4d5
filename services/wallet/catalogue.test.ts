import { describe, expect, test } from 'vitest'
import { isIndividualNumber } from '../kernel/individual-number.ts'
import { CATALOGUE, derivableFrom } from './catalogue.ts'
import { DEFAULT_PERSONAS } from './default-personas.ts'
import { isAllowed } from './decide-release.ts'

const names = CATALOGUE.map(({ name }) => name)

describe('the catalogue', () => {
  test('is a partial order: reflexive, antisymmetric, transitive', () => {
    for (const a of names) {
      expect(derivableFrom(a, a)).toBe(true)
      for (const b of names) {
        if (a !== b && derivableFrom(a, b)) expect(derivableFrom(b, a)).toBe(false)
        for (const c of names) {
          if (derivableFrom(a, b) && derivableFrom(b, c)) expect(derivableFrom(a, c)).toBe(true)
        }
      }
    }
  })
  test('derives only from what it lists, and names nothing twice', () => {
    expect(new Set(names).size).toBe(names.length)
    for (const { parents } of CATALOGUE) for (const p of parents) expect(names).toContain(p)
  })
  test.each([
    ['age_over_20', 'birthdate', true],
    ['birthdate', 'age_over_20', false],
    ['municipality', 'address', true],
    ['age_over_18', 'age_over_20', false],
    ['municipality', 'birthdate', false],
    ['unknown', 'unknown', false],
  ])('%s from %s: %s', (a, b, derivable) => {
    expect(derivableFrom(a, b)).toBe(derivable)
  })
  test('has no individual number', () => {
    expect(names.filter(isIndividualNumber)).toEqual([])
  })
})

describe('the personas a person begins with', () => {
  const given = (kind: string): string[] => {
    const allowance = DEFAULT_PERSONAS.find((persona) => persona.kind === kind)?.allowance ?? {}
    return names.filter((name) => isAllowed(name, allowance))
  }
  test('gov gives the four attributes and what follows from them', () => {
    expect(given('gov')).toEqual(names)
  })
  test('biz gives the name', () => {
    expect(given('biz')).toEqual(['name', 'family_name', 'given_name'])
  })
  test('priv gives nothing that singles a person out', () => {
    expect(given('priv')).toEqual([
      'municipality',
      'age_over_13',
      'age_over_15',
      'age_over_18',
      'age_over_20',
      'age_over_60',
      'age_over_65',
    ])
  })
})
