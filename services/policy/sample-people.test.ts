import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFactsValidator } from '../kernel/facts-check.ts'
import { Scorer } from './language/score.ts'
import type { Facts } from './language/judged-facts.ts'
import { POLICIES_DIRECTORY, PolicyStore } from './policy-store.ts'

interface SamplePerson {
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
  readonly facts: Facts
}

const people = JSON.parse(
  readFileSync(join(POLICIES_DIRECTORY, 'sample-people.json'), 'utf8'),
) as readonly SamplePerson[]
const store = new PolicyStore()
const validator = createFactsValidator(store.factsSchema())

test.each(people)('$id has a name in both languages and facts as the schema has them', (person) => {
  expect(person.title.ja).not.toBe('')
  expect(person.title.en).not.toBe('')
  expect(validator.facts(person.facts, person.id)).toEqual(person.facts)
})

test('names are unique', () => {
  expect(new Set(people.map(({ id }) => id)).size).toBe(people.length)
})

test.each([
  ['nist-63-4', 'IAL', ['no_ial', 'IAL1', 'IAL2', 'indeterminate']],
  ['nist-63-4', 'AAL', ['AAL1', 'AAL2', 'AAL3']],
  ['meti-idtf-2016', 'proofing', ['1', '2', '3']],
])('differ on %s %s, so that an author sees a change', (framework, axis, levels) => {
  const scorer = new Scorer(store.load(framework).pack)
  const at = Date.parse('2026-12-01T00:00:00Z') / 1000
  const values = people.map(({ facts }) => scorer.score({ axis, facts, at }).value)
  expect(values).toEqual(expect.arrayContaining(levels))
})
