import { describe, expect, test } from 'vitest'
import { PolicyStore } from '../policy-store.ts'
import { mutantsOf } from './mutants.ts'
import { nearMisses, type Seed } from './near-misses.ts'
import { conditionKeys } from './decisions.ts'
import { gapsOf, PackCoverage } from './coverage.ts'
import { readPack } from './read-pack.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'

const store = new PolicyStore()
const HEADER = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
axes:
  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }
`

function pack(rules: string) {
  return readPack([{ path: 'try.yaml', text: HEADER + rules }], store.catalogue)
}

function grant(condition: string, level = 'high') {
  return `grants:\n  - id: R1\n    title: { ja: 一, en: one }\n    grant: { level: ${level} }\n    ${condition}\n`
}

const level = (from: ReturnType<typeof pack>, facts: Facts) =>
  new Scorer(from).score({ axis: 'level', facts, at: 0 }).value

describe('faults put into a pack', () => {
  test('are of every kind, at the place of their condition', () => {
    const found = mutantsOf(
      pack(
        grant('when: authenticator.consecutive_failures >= 100 && session.auth_aal >= AAL2') +
          `    slots:
      from: evidence as e
      distinct: [e.doc]
      need: [e.kind == epassport, e.kind == juminhyo]
      every: e.cls == gov_photo_id
`,
      ),
    )
    expect(found.map(({ place, text, change }) => `${place.line} ${text}: ${change}`)).toEqual([
      '12 authenticator.consecutive_failures >= 100: negated',
      '12 authenticator.consecutive_failures >= 100: limit - 1',
      '12 authenticator.consecutive_failures >= 100: limit + 1',
      '12 session.auth_aal >= AAL2: negated',
      '12 session.auth_aal >= AAL2: level below',
      '12 session.auth_aal >= AAL2: level above',
      '14 slots: negated',
      '14 slots: slot 1 of 2 dropped',
      '14 slots: slot 2 of 2 dropped',
      '14 slots: distinct removed',
      '14 slots: every and strongest swapped',
      '16 e.kind == epassport: negated',
      '16 e.kind == juminhyo: negated',
      '17 e.cls == gov_photo_id: negated',
    ])
  })

  test.each([
    ['negated', 'when: auth.network == auth.client', {}, 'none', 'high'],
    [
      'limit + 1',
      'when: authenticator.consecutive_failures >= 100',
      { authenticator: { consecutive_failures: 100 } },
      ...['high', 'none'],
    ],
    [
      'level below',
      'when: session.auth_aal >= AAL2',
      { session: { auth_aal: 'AAL1', age_s: 0, idle_s: 0 } },
      ...['none', 'high'],
    ],
    [
      'distinct removed',
      'slots: { from: evidence as e, distinct: [e.doc], need: [e.kind == epassport, e.kind == epassport] }',
      {
        evidence: [
          { id: 'a', doc: 'd', kind: 'epassport', cls: 'gov_photo_id' },
          { id: 'b', doc: 'd', kind: 'epassport', cls: 'gov_photo_id' },
        ],
      },
      ...['none', 'high'],
    ],
    [
      'slot 2 of 2 dropped',
      'slots: { from: evidence as e, need: [e.kind == epassport, e.kind == juminhyo] }',
      { evidence: [{ id: 'a', kind: 'epassport', cls: 'gov_photo_id' }] },
      ...['none', 'high'],
    ],
    [
      'every and strongest swapped',
      'slots: { from: evidence as e, need: [e.kind == epassport, e.kind == juminhyo], every: e.cls == gov_photo_id }',
      {
        evidence: [
          { id: 'a', kind: 'epassport', cls: 'gov_photo_id' },
          { id: 'b', kind: 'juminhyo', cls: 'gov_nonphoto_id' },
        ],
      },
      ...['none', 'high'],
    ],
  ] as const)('%s changes what the rule says', (change, condition, facts, before, after) => {
    const from = pack(grant(condition))
    const mutant = mutantsOf(from).find((one) => one.change === change) ?? expect.fail()
    expect(level(from, facts)).toBe(before)
    expect(level(mutant.make(), facts)).toBe(after)
  })

  test('change a definition for every rule that uses it, and the pack itself not at all', () => {
    const from = pack(
      `define:\n  old(e): e.kind == juminhyo\n${grant('when: evidence.exists(e, old(e))', 'low')}` +
        `  - id: R2\n    title: { ja: 二, en: two }\n    grant: { level: high }\n    when: evidence.exists(e, old(e) && e.cls == vouch)\n`,
    )
    const facts = { evidence: [{ id: 'a', kind: 'epassport', cls: 'vouch' }] }
    const inDefinition = mutantsOf(from).filter(({ place }) => place.line === 9)
    expect(inDefinition).toHaveLength(1)
    expect(level(inDefinition[0]?.make() ?? expect.fail(), facts)).toBe('high')
    expect(level(from, facts)).toBe('none')
  })
})

describe('generated cases', () => {
  const from = pack(
    grant('when: evidence.exists(e, e.kind == juminhyo && e.presented.exists(c, c.ok))'),
  )
  const scorer = new Scorer(from)
  const trace = ({ axis, facts }: Seed) => scorer.trace({ axis, facts, at: 0 })
  const keys = conditionKeys(from)
  const keysOf = (rule: string) => keys.get(rule) ?? []
  const seed: Seed = {
    ...{ framework: 'try-out', axis: 'level', at: undefined },
    facts: {
      evidence: [{ id: 'a', kind: 'juminhyo', cls: 'gov_nonphoto_id' }],
      checks: [{ type: 'presented', on: 'a' }],
    },
  }

  test('show every condition true, false, unknown and deciding, each from a case near by', () => {
    const found = [...nearMisses([seed], { pack: from, trace, keysOf, limit: 2000 })]
    const coverage = new PackCoverage(from)
    for (const one of [seed, ...found]) coverage.add(trace(one))
    expect(coverage.conditions.flatMap(gapsOf)).toEqual([])
    expect(found.length).toBeGreaterThan(0)
    expect(found.every(({ shows }) => shows.length > 0)).toBe(true)
  })

  test('are the same each time, and none where nothing is left to show', () => {
    const search = { pack: from, trace, keysOf, limit: 2000 }
    const found = [...nearMisses([seed], search)]
    expect([...nearMisses([seed], search)]).toEqual(found)
    expect([...nearMisses([seed, ...found], search)]).toEqual([])
  })

  test('stop at their limit', () => {
    let asked = 0
    const counted = (one: Seed) => {
      asked += 1
      return trace(one)
    }
    const found = [...nearMisses([seed], { pack: from, trace: counted, keysOf, limit: 1 })]
    expect(found.length).toBeLessThan(2)
    expect(asked).toBeLessThan(50)
  })
})
