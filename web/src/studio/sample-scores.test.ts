import { describe, expect, test } from 'vitest'
import people from '../../../policies/sample-people.json'
import type { SamplePerson } from '../api/policy.ts'
import { differs, optionsOf, SampleScorer, valueText } from './sample-scores.ts'
import { Workbench } from './workbench.ts'

const shipped = import.meta.glob<string>(
  ['../../../policies/facts.yaml', '../../../policies/{meti-idtf-2016,watashi-default}/*.yaml'],
  { query: '?raw', import: 'default', eager: true },
)
const documents = new Map(
  Object.entries(shipped).map(([path, text]) => [path.replace('../../../policies/', ''), text]),
)
const sampled: readonly SamplePerson[] = people
const at = Date.parse('2026-12-01T00:00:00Z') / 1000

function scorerOf(texts = documents, when = at): SampleScorer {
  const workbench = new Workbench()
  const { pack } = workbench.check(texts, 'meti-idtf-2016')
  if (pack === undefined) throw new TypeError('the shipped pack has no fault')
  const product = workbench.check(texts, 'watashi-default').pack
  return new SampleScorer(pack, optionsOf(pack.framework, [product]), when)
}

function proofing(scorer: SampleScorer, id: string) {
  const found = scorer.all(sampled)?.find(({ person }) => person.id === id)
  const score = found?.scores.find(({ axis }) => axis === 'proofing')
  if (score === undefined) throw new TypeError(`nobody is called ${id}`)
  return score
}

describe('sample people', () => {
  test('are scored with the options that the product sets', () => {
    expect(proofing(scorerOf(), 'card-and-passkey').value).toBe('3')
    const product = documents.get('watashi-default/framework.yaml') ?? ''
    const off = new Map(documents).set(
      'watashi-default/framework.yaml',
      product.replace('jpki_equivalence: true', 'jpki_equivalence: false'),
    )
    const score = proofing(scorerOf(off), 'card-and-passkey')
    expect(score.value).toBe('1')
    expect(differs(score, proofing(scorerOf(), 'card-and-passkey'))).toBe(true)
    expect(differs(score, score)).toBe(false)
  })

  test('have what would give them more', () => {
    const scorer = scorerOf()
    const person = sampled.find(({ id }) => id === 'self-asserted')
    if (person === undefined) throw new TypeError('nobody is called so')
    expect(scorer.unmet(person, 'proofing').map(({ effect }) => effect)).toContain('2')
  })

  test('have nothing on a day before the first version', () => {
    expect(scorerOf(documents, 0).all(sampled)).toBeUndefined()
  })
})

test('the workbench reads again only what changed, and names the document that is at fault', () => {
  const workbench = new Workbench()
  const first = workbench.check(documents, 'meti-idtf-2016')
  expect(workbench.check(new Map(documents), 'meti-idtf-2016')).toBe(first)
  const path = 'meti-idtf-2016/proofing.rules.yaml'
  const broken = new Map(documents).set(
    path,
    (documents.get(path) ?? '').replace('jpki_sign_cert', 'jpki_sing_cert'),
  )
  const { pack, diagnostics } = workbench.check(broken, 'meti-idtf-2016')
  expect(pack).toBeUndefined()
  expect(diagnostics.map(({ code, place }) => [code, place.file])).toEqual([['enum-member', path]])
})

test.each([
  ['IAL2', 'IAL2'],
  [['a', 'b'], 'a b'],
  [[], '–'],
  [{}, '–'],
  [{ level: 'AAL2', restricted: true }, 'AAL2, restricted: true'],
  [{ session: { IAL: 'IAL2' } }, 'session (IAL: IAL2)'],
])('%j reads %s', (value, text) => {
  expect(valueText(value)).toBe(text)
})
