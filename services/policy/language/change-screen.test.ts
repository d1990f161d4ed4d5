import { describe, expect, test } from 'vitest'
import { codedAxes, drawerFor } from '../../../test/policy/agreement.ts'
import { title, tryOut } from '../../../test/policy/try-out.ts'
import { PolicyStore } from '../policy-store.ts'
import { ChangeScreen } from './change-screen.ts'
import { EPOCH } from './coded-layout.ts'
import { fullLayout } from './full-layout.ts'
import { GeneratedProgram } from './generated-program.ts'
import { mutantsOf } from './mutants.ts'
import type { Pack } from './pack.ts'
import type { Facts } from './judged-facts.ts'

const store = new PolicyStore()
const NOW = Date.parse('2026-11-01T00:00:00Z') / 1000 - EPOCH
const MUTANTS = 24
const SUBJECTS = 60
const MOST_OUTCOMES = 4

/** Two versions of a pack, asked about the same subjects. */
class Versions {
  readonly screen: ChangeScreen | undefined
  readonly #before: GeneratedProgram
  readonly #after: GeneratedProgram
  readonly #coder

  constructor(before: Pack, after: Pack, axes: readonly string[]) {
    const layout = fullLayout(before.catalogue, before.options)
    this.#before = new GeneratedProgram(before, axes, layout)
    this.#after = new GeneratedProgram(after, axes, layout)
    this.screen = ChangeScreen.between(before, after, axes, layout)
    this.#coder = this.#before.coder()
  }

  /** Nothing for a subject that does not fit into integers. */
  ask(facts: Facts): { readonly concerned: boolean; readonly moved: boolean } | undefined {
    const coded = this.#coder.encode(facts)
    if (coded === undefined || this.screen === undefined) return undefined
    const concerned = this.screen.concerns(this.#coder.words, 0, coded.open, NOW)
    let moved = this.#differ(coded.open)
    const { length } = coded.judged.outcomes
    // However open outcomes turn out, who is not concerned stays.
    for (let way = 0; length <= MOST_OUTCOMES && way < 1 << length; way += 1) {
      const resolution = Array.from({ length }, (_, i) => (way & (1 << i)) !== 0)
      this.#coder.encode(facts, 0, { resolution })
      moved ||= this.#differ(false)
    }
    return { concerned, moved }
  }

  #differ(kleene: boolean): boolean {
    const [one, other] = [this.#before, this.#after].map((program) => {
      program.run({ kleene, finds: 'bounds' })(this.#coder.words, 0, NOW, NOW)
      return program.out.slice(0, 2 * program.plan.targets.length).join()
    })
    return one !== other
  }
}

const packs = store.list().map((name) => store.load(name).pack)

describe.each(packs)('$framework', (pack) => {
  test('who answers every changed condition as before has the levels of before', () => {
    const axes = codedAxes(pack)
    const drawer = drawerFor(pack, store, 5, NOW + EPOCH)
    const mutants = mutantsOf(pack)
    const step = Math.max(1, Math.floor(mutants.length / MUTANTS))
    const counts = { asked: 0, spared: 0, moved: 0 }
    for (let i = 0; i < mutants.length; i += step) {
      const changed = mutants[i]?.make()
      if (changed === undefined) throw new TypeError('a mutant that is not there')
      const versions = new Versions(pack, changed, axes)
      for (let subject = 0; subject < SUBJECTS; subject += 1) {
        const answer = versions.ask(drawer.draw())
        if (answer === undefined) continue
        counts.asked += 1
        if (!answer.concerned) counts.spared += 1
        if (answer.moved) counts.moved += 1
        expect(answer.moved && !answer.concerned, `mutant ${i} of ${pack.framework}`).toBe(false)
      }
    }
    // The screen is not one that lets nobody through, and the mutants are not changes of nothing.
    expect(counts.spared).toBeGreaterThan(counts.asked / 4)
    // (The draft's few rules ask for what is seldom drawn.)
    if (pack.status !== 'draft') expect(counts.moved).toBeGreaterThan(0)
  })

  test('a pack that is read again concerns nobody', () => {
    const versions = new Versions(
      pack,
      new PolicyStore().load(pack.framework).pack,
      codedAxes(pack),
    )
    const drawer = drawerFor(pack, store, 6, NOW + EPOCH)
    for (let i = 0; i < SUBJECTS; i += 1)
      expect(versions.ask(drawer.draw())?.concerned ?? false).toBe(false)
  })
})

const AXES = `
  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }
  above: { title: { ja: 上, en: above }, scope: person, levels: [none, low, high] }
`

function packOf(rules: string, axes = AXES): Pack {
  return tryOut(store.catalogue, axes, rules)
}

function granting(level: string, when: string): Pack {
  return packOf(`grants: [{ id: A, ${title}, grant: { level: ${level} }, when: "${when}" }]`)
}

const KIND = 'evidence.exists(e, e.kind == epassport)'
const passport = { evidence: [{ id: 'e1', kind: 'epassport', cls: 'gov_photo_id' }] }
const card = { evidence: [{ id: 'e1', kind: 'drivers_license', cls: 'gov_photo_id' }] }

test.each([
  ['another level', granting('high', KIND), [true, false]],
  ['a rule that is gone', packOf('grants: []'), [true, false]],
  ['another kind', granting('low', KIND.replace('epassport', 'drivers_license')), [true, true]],
  [
    'another name of the rule alone',
    packOf(`grants: [{ id: B, ${title}, grant: { level: low }, when: "${KIND}" }]`),
    [false, false],
  ],
])('%s concerns whom it should', (_, changed, expected) => {
  const versions = new Versions(granting('low', KIND), changed, ['level'])
  expect([passport, card].map((facts) => versions.ask(facts)?.concerned)).toEqual(expected)
})

test('a rule that comes to be concerns whom it grants something', () => {
  const versions = new Versions(packOf('grants: []'), granting('low', KIND), ['level'])
  expect([passport, card].map((facts) => versions.ask(facts)?.concerned)).toEqual([true, false])
})

test('more or other levels, and a changed condition that reads an axis, have no screen', () => {
  const reads = (level: string) =>
    packOf(`grants:
  - { id: A, ${title}, grant: { level: low }, when: "${KIND}" }
  - { id: B, ${title}, grant: { above: low }, when: "axis(level) >= ${level}" }
`)
  const longer = packOf(
    'grants: []',
    AXES.replace('[none, low, high] }\n  above', '[none, low, middle, high] }\n  above'),
  )
  expect(new Versions(packOf('grants: []'), longer, ['level']).screen).toBeUndefined()
  expect(new Versions(reads('low'), reads('high'), ['above']).screen).toBeUndefined()
  expect(new Versions(reads('low'), reads('high'), ['level']).screen).toBeDefined()
})
