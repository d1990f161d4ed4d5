import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../kernel/canonical-json.ts'
import { createFactsValidator } from '../kernel/facts-check.ts'
import { readTestFile, type PolicyCase } from './case-file.ts'
import { Frameworks } from './frameworks.ts'
import { sameValue, type Score } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
import { PolicyStore } from './policy-store.ts'

const store = new PolicyStore()
const validator = createFactsValidator(store.factsSchema())
const NOW = new Date('2026-11-01T00:00:00Z')

type Records = readonly Facts[]
type Change = (facts: Facts) => Facts

/** Every case of a pack's own tests: people whom its authors thought of. */
function casesOf(pack: string): readonly PolicyCase[] {
  const folder = store.folderOf(pack)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.yaml'))
    .flatMap((name) => {
      const path = join(folder, name)
      return readTestFile({ path, text: readFileSync(path, 'utf8') }, validator)
    })
}

describe.each(store.list())('pack %s, for everybody in its tests', (name) => {
  const { pack } = store.load(name)
  const frameworks = new Frameworks([{ pack }])
  const cases = casesOf(name)

  const score = (one: PolicyCase, facts: Facts = one.facts, at?: Date): Score =>
    frameworks.score({
      framework: one.framework,
      axis: one.axis,
      facts,
      at: at ?? (one.at === undefined ? NOW : frameworks.readAt(one.framework, one.at)),
    })

  /** Cases whose value another form of the same facts changes. */
  const changedBy = (change: Change) =>
    cases
      .filter((one) => {
        const facts = validator.facts(change(one.facts), one.label)
        return !sameValue(score(one).value, score(one, facts).value)
      })
      .map(({ label }) => label)

  test('the order of evidence, checks, factors and signals means nothing', () => {
    expect(changedBy((facts) => inLists(facts, (items) => items.toReversed()))).toEqual([])
  })

  test('what is said twice is said once', () => {
    const twice = (items: Records, list: string) =>
      list === 'evidence' ? items : [...items, ...items]
    expect(changedBy((facts) => inLists(facts, twice))).toEqual([])
  })

  test('names of pieces mean nothing', () => {
    expect(changedBy(renamed('of-another-name-'))).toEqual([])
  })

  test('an unknown outcome turns out within what was said', () => {
    const outside = cases.flatMap((one) => {
      const { status, atLeast, atMost } = score(one)
      if (status === 'decided') return []
      return ['pass', 'fail']
        .map((result) => score(one, settled(one.facts, result)).value)
        .filter((value) => !within(pack.axes.get(one.axis), atLeast, value, atMost))
        .map(() => one.label)
    })
    expect(outside).toEqual([])
  })

  test('a value holds to the last second before its end', () => {
    const early = cases.filter((one) => {
      const { value, validUntil } = score(one)
      if (validUntil === undefined) return false
      return !sameValue(value, score(one, one.facts, new Date((validUntil - 1) * 1000)).value)
    })
    expect(early.map(({ label }) => label)).toEqual([])
  })

  test('more evidence takes nothing away', () => {
    const meeting = pairsOf(cases, (axis) => mayOnlyRise(axis))
    if (meeting.length === 0) return
    fc.assert(
      fc.property(fc.constantFrom(...meeting), ([one, other]) => {
        const both = score(one, together(one.facts, other.facts))
        for (const alone of [score(one), score(other)]) {
          if (alone.status !== 'decided' || both.status !== 'decided') continue
          expect(within(pack.axes.get(one.axis), alone.value, both.value, both.value)).toBe(true)
        }
      }),
      { numRuns: 150 },
    )
  })

  /** No veto and no cap concerns it, and it is about a person's evidence. */
  function mayOnlyRise(axis: string): boolean {
    const found = pack.axes.get(axis)
    return (
      found?.scope === 'person' &&
      !pack.vetoes.some(({ removes }) => removes.has(axis)) &&
      !pack.caps.some(({ to }) => to.has(axis))
    )
  }
})

const LISTS = ['evidence', 'checks', 'signals'] as const

function inLists(facts: Facts, change: (items: Records, list: string) => Records): Facts {
  const changed: Record<string, Json> = { ...facts }
  for (const list of LISTS) {
    if (facts[list] !== undefined) changed[list] = change(recordsOf(facts[list]), list)
  }
  const auth = recordOf(facts['auth'])
  if (auth !== undefined)
    changed['auth'] = { ...auth, factors: change(recordsOf(auth['factors']), 'factors') }
  return changed
}

/** Pieces under other names, in whatever speaks of them. */
function renamed(prefix: string): Change {
  const rename = (record: Facts, key: string): Facts =>
    typeof record[key] === 'string' ? { ...record, [key]: prefix + record[key] } : record
  return (facts) =>
    inLists(facts, (items, list) => {
      if (list === 'evidence') return items.map((item) => rename(rename(item, 'id'), 'doc'))
      return list === 'factors' ? items : items.map((item) => rename(item, 'on'))
    })
}

function settled(facts: Facts, result: string): Facts {
  const status = result === 'pass' ? 'good' : 'revoked'
  return inLists(facts, (items, list) => {
    if (list !== 'checks') return items
    const checks = items.map((check) =>
      check['result'] === 'unknown'
        ? { ...check, result: check['type'] === 'status' ? status : result }
        : check,
    )
    const answered = new Set(checks.map((check) => check['type'] === 'status' && check['on']))
    const unasked = recordsOf(facts['evidence']).filter(
      (piece) => piece['cls'] === 'pki_cert' && !answered.has(piece['id'] ?? ''),
    )
    return [
      ...checks,
      ...unasked.map((piece) => ({ type: 'status', on: piece['id'] ?? '', result: status })),
    ]
  })
}

/** Pairs of cases that ask the same question of two people who could be one. */
function pairsOf(cases: readonly PolicyCase[], wanted: (axis: string) => boolean) {
  const asked = cases.filter(({ axis, facts }) => wanted(axis) && facts['evidence'] !== undefined)
  const groups = Map.groupBy(asked, ({ framework, axis, at, facts }) => {
    const same = Object.entries(facts).filter(([key]) => !LISTS.some((list) => list === key))
    return JSON.stringify([framework, axis, at, same])
  })
  return [...groups.values()].flatMap((group) =>
    group.slice(1).map((other, i) => [group[i] ?? other, other] as const),
  )
}

function together(one: Facts, other: Facts): Facts {
  const second = renamed('other-')(other)
  return validator.facts(
    inLists({ ...one, signals: one['signals'] ?? [] }, (items, list) => [
      ...items,
      ...recordsOf(second[list]),
    ]),
    'both',
  )
}

function within(
  axis:
    { readonly kind: string; readonly type?: { readonly members: readonly string[] } } | undefined,
  low: Json,
  value: Json,
  high: Json,
): boolean {
  if (Array.isArray(value)) {
    return (
      Array.isArray(low) &&
      Array.isArray(high) &&
      low.every((item) => value.includes(item)) &&
      value.every((item) => high.includes(item))
    )
  }
  if (axis?.kind !== 'levels') return true
  const rank = (level: Json) => {
    const text = recordOf(level)?.['level'] ?? level
    return typeof text === 'string' ? (axis.type?.members.indexOf(text) ?? -1) : -1
  }
  return rank(low) <= rank(value) && rank(value) <= rank(high)
}

function recordsOf(value: Json | undefined): Records {
  const items: readonly Json[] = Array.isArray(value) ? value : []
  return items.map(recordOf).filter((item) => item !== undefined)
}

function recordOf(value: Json | undefined): Facts | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Facts // neither null nor a list
}
