import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Agreement, codedAxes, drawerFor, NOT_CODED } from '../../../test/policy/agreement.ts'
import { title, tryOut } from '../../../test/policy/try-out.ts'
import { PolicyStore } from '../policy-store.ts'
import { scoreAll, transitions } from './arena.ts'
import { CodedLayout, EPOCH } from './coded-layout.ts'
import { FactCoder } from './fact-coder.ts'
import { GeneratedProgram } from './generated-program.ts'
import { NotGenerated } from './normal-form.ts'
import { Scorer } from './score.ts'
import { SlotSearch } from './slot-search.ts'
import { fillSlots } from './slots.ts'
import { ABSENT } from './types.ts'

const store = new PolicyStore()
const NOW = Date.parse('2026-11-01T00:00:00Z') / 1000
const SUBJECTS = 400
const AXES = `
  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, middle, high] }
  above: { title: { ja: 上, en: above }, scope: person, levels: [none, low, middle, high] }
  ways: { title: { ja: 方法, en: ways }, methods: { BY_CARD: [{ text: イ }], BY_POST: } }
`

function pack(rules: string) {
  return tryOut(store.catalogue, AXES, rules)
}

/** Every operation of the language in one pack. */
const EVERYTHING = pack(`
tables: { worth: { key: EvidenceKind, value: Strength, default: FAIR, rows: { epassport: SUPERIOR, drivers_license: STRONG } } }
derive:
  - { for: Evidence e, set: good, ${title}, to: "!e.revoked && e.authentic.exists(c, c.ok)" }
  - { for: Evidence e, set: value, ${title}, to: "e.good ? tables.worth[e.kind] : first(e.strength, FAIR)" }
define:
  live: evidence.filter(e, e.good)
grants:
  - { id: A, ${title}, grant: { level: low, ways: BY_POST }, when: "live.exists(e, e.value >= STRONG)" }
  - { id: B, ${title}, grant: { level: middle }, when: "live.count(e, e.value >= FAIR) >= 2 && within(proofing.at, 24h)" }
  - id: C
    ${title}
    grant: { level: high, ways: BY_CARD }
    when: withinDays(proofing.at, 30, "Europe/London")
    slots: { from: "live as e", distinct: [e.doc, e.kind], need_any: [[e.value >= STRONG, e.value >= FAIR]], rank: e.value, strongest: "e.holder.exists(h, h.ok && h.method in [pin, face_auto])" }
  - { id: D, ${title}, grant: { above: middle }, when: "axis(level) >= middle" }
  - { id: E, ${title}, grant: { above: high }, n_of: { n: 2, of: ["axis(level) == high", "session.age_s <= 12h", { check: match, scope: all }] } }
vetoes:
  - { id: F, ${title}, veto: { ways: [BY_CARD] }, when: "signals.exists(s, s.type == cert_revoked && evidence.exists(e, e.id == s.on && e.good))", unknown: fire }
  - { id: G, ${title}, veto: [level], when: "checks.death_check.exists(c, c.failed)", unknown: ignore }
caps:
  - { id: H, ${title}, cap: { level: low }, when: "evidence.exists_one(e, e.revoked) || evidence.all(e, !e.good)" }
  - { id: I, ${title}, cap: { level: middle }, when: "evidence.size() > 3 || has(session.auth_aal) && sets.contains(recovery.methods, [saved_code, issued_code])" }
  - { id: J, ${title}, cap: { ways: BY_POST }, when: "min(session.auth_aal, binding.session_aal) < AAL2 || saved_code in recovery.methods", in_force: { from: 2026-01-01, until: 2026-10-20 } }
`)

describe.each([...store.list().map((name) => store.load(name).pack), EVERYTHING])(
  'generated code of $framework',
  (one) => {
    test('gives what closures and the tracing interpreter give, rule by rule', () => {
      const agreement = new Agreement(one)
      const drawer = drawerFor(one, store, 11, NOW)
      const differences: string[] = []
      for (let i = 0; i < SUBJECTS && differences.length === 0; i += 1)
        differences.push(...agreement.differences(drawer.draw(), NOW))
      expect(differences).toEqual([])
      const rules = [...one.grants, ...one.vetoes, ...one.caps, ...one.notes]
      expect(agreement.fired > 0).toBe(rules.length > 0)
    })

    test('holds no text but its own words', () => {
      const program = new GeneratedProgram(one, codedAxes(one))
      for (const kleene of [true, false]) {
        for (const finds of ['fired', 'bounds', 'turns'] as const) {
          const source = program.source({ kleene, finds }).replace(/^'use strict';/, '')
          expect(source).not.toMatch(/['"`\\/]|[^\x20-\x7e\n]/)
        }
      }
    })
  },
)

test.each(['closures', 'tracer'] as const)(
  'a rule that differs in one condition is told apart, in %s',
  (other) => {
    const rule = (kind: string) =>
      pack(
        `grants: [{ id: A, ${title}, grant: { level: low }, when: "evidence.exists(e, e.kind == ${kind})" }]`,
      )
    const agreement = new Agreement(rule('epassport'), { [other]: rule('drivers_license') })
    const facts = { evidence: [{ id: 'e1', kind: 'epassport', cls: 'gov_photo_id' }] }
    expect(agreement.differences(facts, NOW)).not.toEqual([])
    expect(agreement.differences({ evidence: [] }, NOW)).toEqual([])
  },
)

test('the size of a list inside of a list leaves the outer item as it is', () => {
  const when = 'evidence.exists(e, e.presented.size() >= 1 && e.kind == epassport)'
  const one = pack(`grants: [{ id: A, ${title}, grant: { level: low }, when: "${when}" }]`)
  const facts = {
    evidence: [{ id: 'e1', kind: 'epassport', cls: 'gov_photo_id' }],
    checks: [{ type: 'presented', on: 'e1' }],
  }
  expect(new Agreement(one).differences(facts, NOW)).toEqual([])
  expect(new Scorer(one).score({ axis: 'level', facts, at: NOW }).value).toBe('low')
})

test('an answer has no code', () => {
  expect(() => new GeneratedProgram(store.load('nist-63-4').pack, ['binding'])).toThrow(
    NotGenerated,
  )
})

test.each([
  ['an instant after 2088', { proofing: { at: '2100-01-01T00:00:00Z' } }],
  [
    'more pieces than an integer has bits',
    { evidence: Array.from({ length: 32 }, (_, i) => ({ id: `e${i}` })) },
  ],
])('%s is left to closures', (_, facts) => {
  expect(new Agreement(EVERYTHING).differences(facts, NOW)).toEqual([NOT_CODED])
})

test('a text that rules name keeps its number, others are numbered per subject', () => {
  const layout = new CodedLayout()
  const named = layout.text('JLIS')
  layout.root.field(['proofing', 'id'], 'text')
  layout.root.field(['proofing', 'agent'], 'text')
  const coder = new FactCoder(layout, EVERYTHING)
  const code = (id: string | undefined, agent: string) => {
    coder.encode({ proofing: { ...(id === undefined ? {} : { id }), agent } })
    return [...coder.words.slice(1, 3)]
  }
  expect(code('JLIS', 'other')).toEqual([named, named + 1])
  expect(code('third', 'third')).toEqual([named + 1, named + 1])
  expect(code(undefined, 'JLIS')).toEqual([0, named])
})

test.each(['level', 'above', 'ways'])('until when %s holds is what closures find', (axis) => {
  const program = new GeneratedProgram(EVERYTHING, [axis])
  const coder = program.coder()
  const scorer = new Scorer(EVERYTHING)
  const drawer = drawerFor(EVERYTHING, store, 5, NOW)
  for (let i = 0; i < 300; i += 1) {
    const facts = drawer.draw()
    const coded = coder.encode(facts)
    // A status that ends, or outcomes tried one by one, are the scorer's own work.
    if (coded === undefined) continue
    const { outcomes, statusEnds } = coded.judged
    if (outcomes.length > 0 || statusEnds.length > 0) continue
    const until = program.until(coder.words, 0, coded.open, NOW - EPOCH)
    const { validUntil } = scorer.score({ axis, facts, at: NOW })
    expect(until === Infinity ? undefined : until + EPOCH).toBe(validUntil)
  }
})

test('a changed rule moves those that it moves', () => {
  const when = (strength: string) =>
    pack(
      `grants: [{ id: A, ${title}, grant: { level: low }, when: "evidence.exists(e, e.strength >= ${strength})" }]`,
    )
  const [before, after] = ['FAIR', 'STRONG'].map(
    (strength) => new GeneratedProgram(when(strength), ['level']),
  )
  if (before === undefined || after === undefined) throw new TypeError('two programs')
  const coder = before.coder()
  const starts: number[] = []
  let end = 0
  for (const strength of ['FAIR', 'STRONG', 'FAIR']) {
    const facts = { evidence: [{ id: 'e1', strength }] }
    starts.push(end)
    end += coder.encode(facts, end)?.length ?? 0
  }
  const population = { words: coder.words, starts, open: [false, false, false] }
  const matrix = transitions(
    scoreAll(before, population, NOW - EPOCH),
    scoreAll(after, population, NOW - EPOCH),
    [4],
  )
  // Rows are levels before: two fall from low to none, one stays low.
  expect([...matrix]).toEqual([0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
})

test('slots are filled as by plain search', () => {
  const truth = fc.constantFrom(0, 2, 3)
  const piece = fc.record({
    cells: fc.array(truth, { minLength: 2, maxLength: 3 }),
    key: fc.constantFrom(0, 1, 2),
    rank: fc.constantFrom(1, 2, 4, 3, 6, ABSENT, ABSENT | 2),
    strongest: truth,
  })
  const matrix = fc.array(piece, { maxLength: 5 }).map((pieces) => {
    const slots = Math.min(3, ...pieces.map(({ cells }) => cells.length))
    return pieces.map((one) => ({ ...one, cells: one.cells.slice(0, slots) }))
  })
  fc.assert(
    fc.property(matrix, fc.boolean(), (pieces, certain) => {
      const bit = certain ? 1 : 2
      const search = new SlotSearch(2)
      pieces.forEach(({ key, rank }, i) => {
        search.scratch[i] = key
        search.scratch[32 + i] = rank
      })
      const bitsOf = (holds: (piece: (typeof pieces)[number]) => number | undefined) =>
        pieces.reduce((mask, one, i) => mask | (((holds(one) ?? 0) & bit) !== 0 ? 1 << i : 0), 0)
      const slots = pieces[0]?.cells.length ?? 2
      const [a = 0, b = 0, c = 0] = Array.from({ length: slots }, (_, n) =>
        bitsOf(({ cells }) => cells[n]),
      )
      const strongest = bitsOf((one) => one.strongest)
      const expected = fillSlots({
        cells: pieces.map(({ cells }) => cells),
        keys: pieces.map(({ key }) => [key === 0 ? undefined : key]),
        ranks: pieces.map(({ rank }) => rank),
        strongest: pieces.map((one) => one.strongest),
      })
      const found = search.fill(slots, a, b, c, 0, 0, -1, 32, strongest, certain)
      expect(found).toBe((expected & bit) !== 0)
    }),
    { numRuns: 2000 },
  )
})
