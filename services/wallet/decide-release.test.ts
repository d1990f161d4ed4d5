import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from './catalogue.ts'
import {
  decideRelease,
  withinThresholdBudget,
  type Allowance,
  type ReleaseDecision,
  type ReleaseQuestion,
} from './decide-release.ts'

type Rule = (question: ReleaseQuestion) => ReleaseDecision

/** Written out, so that a fault of the catalogue's own closure shows. */
const DERIVES: Readonly<Record<string, readonly string[]>> = {
  name: ['family_name', 'given_name'],
  address: ['muni_code', 'municipality', 'pref_code'],
  muni_code: ['municipality', 'pref_code'],
  birthdate: [
    'birth_year',
    'age_over_13',
    'age_over_15',
    'age_over_18',
    'age_over_20',
    'age_over_60',
    'age_over_65',
  ],
}
const covers = (b: string, a: string): boolean => a === b || (DERIVES[b] ?? []).includes(a)

const names = CATALOGUE.map(({ name }) => name)
const subset = fc.subarray(names)
const claimList = subset.chain((chosen) =>
  fc.tuple(
    ...chosen.map((name) => fc.record({ name: fc.constant(name), essential: fc.boolean() })),
  ),
)
const allowance: fc.Arbitrary<Allowance> = fc.dictionary(
  fc.constantFrom(...names),
  fc.constantFrom('ask' as const, 'never' as const),
)
const question: fc.Arbitrary<ReleaseQuestion> = fc.record({
  request: claimList,
  purpose: subset,
  allowance,
  consent: subset.map((chosen) => new Set(chosen)),
  available: subset.chain((chosen) =>
    fc
      .tuple(...chosen.map(() => fc.integer({ min: 0, max: 9 }).map((n) => ({ stale: n === 0 }))))
      .map((values) => new Map(values.map((value, i) => [chosen[i] ?? '', value]))),
  ),
  // Mostly true, or hardly any case would release anything.
  assured: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
})
/** Cases that do release something, so that the properties are not true of empty sets alone. */
const generous = question.map((q) => ({
  ...q,
  purpose: [...q.purpose, 'birthdate', 'address'],
  allowance: { birthdate: 'ask' as const, address: 'ask' as const, ...q.allowance },
  consent: new Set(names.filter((name) => name.length % 7 !== 0 || q.consent.has(name))),
}))
/** Cases in which the purpose alone decides. */
const wide = question.map((q) => ({
  ...q,
  request: names.map((name) => ({ name, essential: false })),
  allowance: Object.fromEntries(names.map((name) => [name, 'ask' as const])),
  consent: new Set(names),
  available: new Map(names.map((name) => [name, { stale: false }])),
}))
const anyQuestion: fc.Arbitrary<ReleaseQuestion> = fc.oneof(question, generous, wide)

function mayLeave(q: ReleaseQuestion, a: string): boolean {
  const asked = Object.entries(q.allowance).flatMap(([b, d]) => (d === 'ask' ? [b] : []))
  return (
    q.request.some(({ name }) => name === a) &&
    q.consent.has(a) &&
    q.purpose.some((b) => covers(b, a)) &&
    asked.some((b) => covers(b, a)) &&
    q.allowance[a] !== 'never' &&
    q.available.get(a)?.stale === false &&
    q.assured
  )
}
const released = (rule: Rule, q: ReleaseQuestion): readonly string[] => {
  const decision = rule(q)
  return decision.outcome === 'permitted' ? decision.claims : []
}

interface Verdict {
  readonly failed: boolean
  readonly message: string | undefined
}
function verdict<T>(property: fc.IProperty<T>): Verdict {
  const details = fc.check(property, { numRuns: 1500 })
  return { failed: details.failed, message: fc.defaultReportMessage(details) }
}

/** P1: released ⊑ request ∩ purpose ∩ allowance ∩ consent ∩ available, and never wider. */
const neverWider = (rule: Rule) =>
  verdict(fc.property(anyQuestion, (q) => released(rule, q).every((a) => mayLeave(q, a))))

/** P2: an essential claim missing ⇒ nothing leaves; and otherwise everything that may leave does. */
const allOrNothing = (rule: Rule) =>
  verdict(
    fc.property(anyQuestion, (q) => {
      const met = q.request.every(({ name, essential }) => !essential || mayLeave(q, name))
      const expected = met ? names.filter((a) => mayLeave(q, a)) : []
      expect(released(rule, q)).toEqual(expected)
      expect(rule(q).outcome).toBe(met ? 'permitted' : 'nothing')
    }),
  )

/** P3: narrowing any input never adds a claim. */
const monotone = (rule: Rule) =>
  verdict(
    fc.property(anyQuestion, fc.subarray(names), fc.nat(5), (q, gone, which) => {
      const without = <T>(list: readonly T[], name: (t: T) => string): T[] =>
        list.filter((t) => !gone.includes(name(t)))
      const kept = Object.fromEntries(
        Object.entries(q.allowance).filter(([n]) => !gone.includes(n)),
      )
      const narrower: ReleaseQuestion[] = [
        { ...q, purpose: without(q.purpose, (n) => n) },
        { ...q, consent: new Set(without([...q.consent], (n) => n)) },
        { ...q, available: new Map(without([...q.available], ([n]) => n)) },
        { ...q, assured: false },
        // Dropping an optional claim; without an essential one it would be another, smaller request.
        { ...q, request: q.request.filter((c) => c.essential || !gone.includes(c.name)) },
        // An allowance shrinks by a `never`, or by an `ask` that is taken away.
        {
          ...q,
          allowance: { ...kept, ...Object.fromEntries(gone.map((n) => [n, 'never' as const])) },
        },
      ]
      const before = released(rule, q)
      const after = narrower[which] ? released(rule, narrower[which]) : []
      return after.every((a) => before.includes(a))
    }),
  )

const PROPERTIES = { neverWider, allOrNothing, monotone }

describe('the release rule', () => {
  test.each(Object.entries(PROPERTIES))('keeps %s', (_name, property) => {
    const { failed, message } = property(decideRelease)
    expect(failed, message).toBe(false)
  })

  const mutants: readonly [string, Rule, (keyof typeof PROPERTIES)[]][] = [
    [
      'ignores the purpose',
      (q) => decideRelease({ ...q, purpose: names }),
      ['neverWider', 'allOrNothing'],
    ],
    [
      'ignores the consent',
      (q) => decideRelease({ ...q, consent: new Set(names) }),
      ['neverWider', 'allOrNothing'],
    ],
    [
      'ignores the allowance',
      (q) => decideRelease({ ...q, allowance: Object.fromEntries(names.map((n) => [n, 'ask'])) }),
      ['neverWider', 'allOrNothing'],
    ],
    [
      'sends what is out of date',
      (q) =>
        decideRelease({
          ...q,
          available: new Map([...q.available.keys()].map((n) => [n, { stale: false }])),
        }),
      ['neverWider', 'allOrNothing'],
    ],
    ['ignores the level', (q) => decideRelease({ ...q, assured: true }), ['neverWider']],
    [
      'compares sets and knows no derivation',
      (q) => {
        const exact = q.request.filter(({ name }) => q.purpose.includes(name))
        const missing = q.request.some(
          ({ name, essential }) => essential && !q.purpose.includes(name),
        )
        return missing
          ? { outcome: 'nothing', withheld: [] }
          : decideRelease({ ...q, request: exact })
      },
      ['allOrNothing'],
    ],
    [
      'sends part when an essential claim is missing',
      (q) =>
        decideRelease({ ...q, request: q.request.map(({ name }) => ({ name, essential: false })) }),
      ['allOrNothing'],
    ],
    [
      'widens to the registered claim',
      (q) => {
        const decision = decideRelease(q)
        if (decision.outcome === 'nothing') return decision
        return {
          ...decision,
          claims: decision.claims.map((a) => (a.startsWith('age') ? 'birthdate' : a)),
        }
      },
      ['neverWider'],
    ],
    [
      'lets a smaller purpose mean a larger one',
      (q) => (q.purpose.length < 5 ? decideRelease({ ...q, purpose: names }) : decideRelease(q)),
      ['monotone'],
    ],
  ]
  test.each(mutants)('would be caught if it %s', (_name, mutant, killers) => {
    for (const killer of killers) {
      expect(PROPERTIES[killer](mutant).failed, killer).toBe(true)
    }
  })

  test('answers the same in whatever order claims are asked for', () => {
    fc.assert(
      fc.property(anyQuestion, (q) => {
        const reversed = { ...q, request: [...q.request].reverse() }
        expect(released(decideRelease, reversed)).toEqual(released(decideRelease, q))
      }),
    )
  })

  test.each(['individual_number', 'Individual-Number_unicode', 'my_number', '個人番号', 'ﾏｲﾅﾝﾊﾞｰ'])(
    'refuses a request whole that names %s, even as an option',
    (name) => {
      const decision = decideRelease({
        request: [
          { name, essential: false },
          { name: 'gender', essential: true },
        ],
        purpose: [name, 'gender'],
        allowance: { [name]: 'ask', gender: 'ask' },
        consent: new Set([name, 'gender']),
        available: new Map([
          [name, { stale: false }],
          ['gender', { stale: false }],
        ]),
        assured: true,
      })
      expect(decision).toEqual({ outcome: 'nothing', withheld: [{ name, reason: 'FORBIDDEN' }] })
    },
  )

  test('knows no claim beyond the catalogue', () => {
    for (const name of ['age_over_21', 'constructor', '__proto__', '']) {
      const q: ReleaseQuestion = {
        request: [{ name, essential: false }],
        purpose: [name, 'birthdate'],
        allowance: { birthdate: 'ask' },
        consent: new Set([name]),
        available: new Map([[name, { stale: false }]]),
        assured: true,
      }
      expect(decideRelease(q)).toEqual({
        outcome: 'permitted',
        claims: [],
        withheld: [{ name, reason: 'UNKNOWN_CLAIM' }],
      })
    }
  })
})

describe('the budget of age limits', () => {
  const ask = (...ages: number[]) =>
    ages.map((age) => ({ name: `age_over_${age}`, essential: true }))
  test.each<[string[], number[], boolean]>([
    [[], [18, 20], true],
    [[], [15, 18, 20], false],
    [['age_over_18', 'age_over_20'], [18, 20], true],
    [['age_over_18', 'age_over_20'], [20, 65], false],
    [['age_over_18', 'age_over_20'], [], true],
    [['age_over_18'], [65], true],
  ])('after %j a request for %j: %s', (spent, asked, allowed) => {
    expect(withinThresholdBudget(spent, ask(...asked))).toBe(allowed)
  })
  test('does not count other claims', () => {
    const others = ['name', 'birthdate', 'age'].map((name) => ({ name, essential: true }))
    expect(withinThresholdBudget([], [...others, ...ask(18, 20)])).toBe(true)
  })
})
