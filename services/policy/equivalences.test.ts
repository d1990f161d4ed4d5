import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { policyTest } from '../cli/policy-test.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { ActivePolicy } from './active-policy.ts'
import { Frameworks, scoreToJson } from './frameworks.ts'
import { joinEquivalences } from './join-equivalences.ts'
import { PolicyRejected, type Diagnostic } from './language/diagnostic.ts'
import type { SourceFile } from './language/document.ts'
import { F, T, U } from './language/kleene.ts'
import { readPack } from './language/read-pack.ts'
import type { Facts } from './language/judged-facts.ts'
import { POLICIES_DIRECTORY, PolicyStore } from './policy-store.ts'

const store = new PolicyStore()
const FOLDER = join(POLICIES_DIRECTORY, 'equivalences')
const all = store.list().map((name) => ({ pack: store.load(name).pack }))
const at = new Date('2026-11-01T00:00:00Z')

function refusal(work: () => unknown): readonly Diagnostic[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}

const places = (found: readonly Diagnostic[]) =>
  found.map(({ code, place: { line, column } }) => `${code} ${line}:${column}`)

describe('the equivalences shipped', () => {
  test('are accepted, and give what their tests say', () => {
    const out: string[] = []
    const io = {
      print: (line: string) => void out.push(line),
      complain: (line: string) => void out.push(line),
      read: (path: string) => readFileSync(path, 'utf8'),
      clock: new FrozenClock('2026-11-01T00:00:00Z'),
      policyDir: POLICIES_DIRECTORY,
    }
    expect(policyTest([join(FOLDER, 'equivalences.test.yaml')], io)).toBe(0)
    expect(out).toEqual([expect.stringMatching(/^\d+ passed, 0 failed$/)])
  })

  const bad = join(FOLDER, 'bad')
  test.each(readdirSync(bad))('refuse %s at the place it names', (name) => {
    const text = readFileSync(join(bad, name), 'utf8')
    const [, expected] = /^# expect: (\S+ \d+:\d+)\n/.exec(text) ?? []
    const documents = [{ path: name, text }]
    expect(places(refusal(() => new Frameworks(all, { documents })))).toEqual([expected])
  })
})

/** Three small frameworks in which a login of one is worth a level of the next. */
function chain(): { packs: { pack: ReturnType<typeof readPack> }[]; documents: SourceFile[] } {
  const framework = (name: string, when: string) => `language: 1
framework: ${name}
version: 1.0.0
status: draft
title: { ja: ${name}, en: ${name} }
serves: { ${name}: [level] }
axes: { level: { title: { ja: 段, en: level }, levels: [none, low, high] } }
grants:
  - { id: ${name}.HIGH, title: { ja: 高, en: high }, grant: { level: high }, when: '${when}' }
`
  const conditions = ['auth.factors.exists(f, f.uv)', 'policy.never', 'policy.never']
  const packs = ['a', 'b', 'c'].map((name, i) => {
    const text =
      framework(name, conditions[i] ?? '') +
      (i === 0 ? '' : 'options: { never: { default: false } }\n')
    return { pack: readPack([{ path: `${name}.yaml`, text }], store.catalogue) }
  })
  const step = (from: string, to: string, gives: string) => `
  - id: EQ.${from}.${to}
    title: { ja: 等価, en: equivalence }
    cites: [none]
    why: { ja: 試し, en: to try }
    when: { framework: ${from}, axis: level, at_least: high }
    gives: { framework: ${to}, axis: level, level: ${gives} }`
  const text = `language: 1\nequivalences:${step('a', 'b', 'high')}${step('b', 'c', 'high')}\n`
  return { packs, documents: [{ path: 'chain.yaml', text }] }
}

describe('an equivalence', () => {
  const { packs, documents } = chain()
  const frameworks = new Frameworks(packs, { documents })
  const ask = (framework: string, uv: boolean, policy: Facts = {}) =>
    frameworks.score({
      framework,
      axis: 'level',
      facts: { auth: { factors: [{ type: 'mf_crypto', uv }] } },
      at,
      policy,
    })

  test('is off until it is named, and marks what it made', () => {
    expect(ask('b', true)).toMatchObject({ value: 'none' })
    expect(ask('b', true)).not.toHaveProperty('via')
    const score = ask('b', true, { 'EQ.a.b': true })
    expect(score).toMatchObject({ value: 'high', via: ['EQ.a.b'], fired: [{ id: 'EQ.a.b' }] })
    expect(scoreToJson(score)).toMatchObject({ value: 'high', via: ['EQ.a.b'] })
    expect(ask('b', false, { 'EQ.a.b': true })).toMatchObject({ value: 'none' })
  })

  test.each([1, 'true', null, [true]])('is not switched on by %j', (value) => {
    expect(ask('b', true, { 'EQ.a.b': value }).value).toBe('none')
  })

  test('does not build on another: from a to b and from b to c is nothing from a to c', () => {
    const both = { 'EQ.a.b': true, 'EQ.b.c': true }
    expect(ask('b', true, both).value).toBe('high')
    expect(ask('c', true, both).value).toBe('none')
  })

  const profile = (ids: string, name = 'a') => `language: 1
framework: p
version: 1.0.0
status: draft
title: { ja: p, en: p }
uses:
  - { framework: ${name}, person: [], ceremony: [] }
  - { framework: b, person: [], ceremony: [] }
equivalences: [${ids}]
axes: { own: { title: { ja: 自, en: own }, levels: [none, some] } }
`
  const active = (ids: string, name?: string) => {
    const pack = readPack([{ path: 'p.yaml', text: profile(ids, name) }], store.catalogue)
    const load = (wanted: string) => {
      const found = packs.find((one) => one.pack.framework === wanted)
      if (found === undefined) throw new TypeError(`no pack ${wanted}`)
      return { pack: found.pack, digest: wanted }
    }
    return new ActivePolicy({ pack, digest: 'p' }, load, { equivalences: documents })
  }

  test('is switched on for everybody by a profile, which gives the policy another digest', () => {
    const on = active('EQ.a.b')
    const facts = { auth: { factors: [{ type: 'mf_crypto', uv: true }] } }
    const question = { framework: 'b', axis: 'level', facts, at }
    expect(on.frameworks.score(question)).toMatchObject({ value: 'high', via: ['EQ.a.b'] })
    expect(active('').frameworks.score(question).value).toBe('none')
    expect(on.digest).not.toBe(active('').digest)
  })

  test('that a profile names must exist, between frameworks that the profile uses', () => {
    expect(places(refusal(() => active('EQ.a.bb')))).toEqual(['unknown-rule 9:16'])
    expect(places(refusal(() => active('EQ.b.c')))).toEqual(['unknown-name 14:25'])
  })
})

describe('a value joined with equivalences', () => {
  const { packs, documents } = chain()
  const frameworks = new Frameworks(packs, { documents })
  const axis = frameworks.axis('b', 'level')
  const [equivalence] = [
    {
      id: 'EQ',
      title: { ja: '', en: '' },
      cites: [],
      why: { ja: '', en: '' },
      when: { framework: 'a', axis: 'level', reached: 'high' },
      gives: { framework: 'b', axis: 'level', level: 'high' },
    },
  ]
  const native = {
    ...frameworks.score({ framework: 'b', axis: 'level', facts: {}, at }),
    value: 'low',
    atLeast: 'low',
    atMost: 'low',
  }
  const joined = (truth: number, changed: Partial<typeof native> = {}, validUntil?: number) => {
    if (axis.kind !== 'levels') throw new TypeError('levels were declared')
    const missing = [{ path: 'x', check: 'status', on: undefined, ja: '', en: '' }]
    const reach = { truth, validUntil, missing: truth === U ? missing : [], unknown: missing }
    return joinEquivalences({ ...native, ...changed }, axis, [{ equivalence, reach }])
  }
  const cap = (certain: boolean) => ({ caps: [{ rule: 'CAP', to: 'low', certain }] })

  test.each([
    ['what holds raises', joined(T), 'high', 'high', 'high'],
    ['what does not hold changes nothing', joined(F), 'low', 'low', 'low'],
    ['what may hold raises what is possible', joined(U), 'indeterminate', 'low', 'high'],
    ['a veto stands', joined(T, { vetoes: [{ rule: 'V', certain: true }] }), 'low', 'low', 'low'],
    [
      'a veto that may hold leaves it open',
      joined(T, { vetoes: [{ rule: 'V', certain: false }] }),
      'indeterminate',
      'low',
      'high',
    ],
    ['a cap bounds it', joined(T, cap(true)), 'low', 'low', 'low'],
    ['a cap that may hold leaves it open', joined(T, cap(false)), 'indeterminate', 'low', 'high'],
    [
      'what is higher already stays',
      joined(T, { value: 'high', atLeast: 'high', atMost: 'high' }),
      'high',
      'high',
      'high',
    ],
  ])('%s', (_, score, value, atLeast, atMost) => {
    expect(score).toMatchObject({ value, atLeast, atMost })
    expect(score.status).toBe(value === 'indeterminate' ? 'indeterminate' : 'decided')
  })

  test('settles what the framework alone left open, and names what is missing else', () => {
    const open = { value: 'indeterminate', atMost: 'high', status: 'indeterminate' as const }
    expect(joined(T, open)).toMatchObject({ value: 'high', missing: [], via: ['EQ'] })
    expect(joined(U).missing.map(({ path }) => path)).toEqual(['x'])
    expect(joined(U)).not.toHaveProperty('via')
  })

  test('holds no longer than the earliest of what it rests on', () => {
    expect(joined(T, { validUntil: 200 }, 100).validUntil).toBe(100)
    expect(joined(F, { validUntil: 50 }, 100).validUntil).toBe(50)
    expect(joined(T).validUntil).toBeUndefined()
  })
})
