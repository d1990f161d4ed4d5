import { describe, expect, test } from 'vitest'
import { PolicyStore } from '../policy-store.ts'
import { applyChanges } from './change-facts.ts'
import { explainScore } from './explain.ts'
import { maskExplanation } from './mask-explanation.ts'
import { waysToRaise } from './raise-level.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'

const store = new PolicyStore()
const NOW = Date.parse('2026-06-01T00:00:00Z') / 1000
const scorers = new Map(store.list().map((name) => [name, new Scorer(store.load(name).pack)]))
const nist = scorers.get('nist-63-4') ?? expect.fail()
const meti = scorers.get('meti-idtf-2016') ?? expect.fail()

const login = (factor: Facts, more: Facts = {}): Facts => ({ auth: { factors: [factor] }, ...more })
const card = (result: string): Facts => ({
  proofing: { channel: 'remote_unattended' },
  evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
  checks: [
    { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
    { type: 'holder', on: 'e1', method: 'pin' },
    { type: 'status', on: 'e1', result },
    { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
  ],
})

describe('why', () => {
  test('names the rule that fired, with its clauses and the facts that decided it', () => {
    const facts = login({ type: 'mf_crypto', uv: true, replay_resistant: true })
    const { value, why } = explainScore(nist, { axis: 'AAL', facts, at: NOW })
    expect(value).toBe('AAL2')
    expect(why).toHaveLength(1)
    expect(why[0]).toMatchObject({
      ...{ id: 'AAL2.MULTI', effect: 'AAL2', truth: 'true', stratum: 'grant' },
      cites: ['SP 800-63B-4 §2.2.1', 'SP 800-63B-4 §2.2.2'],
    })
    const read = why[0]?.conditions.flatMap((one) => one.facts) ?? []
    expect(read).toContainEqual({ path: 'auth.factors[0].uv', value: true })
    expect(read).toContainEqual({ path: 'auth.factors[0].type', value: 'mf_crypto' })
    // Whatever made no difference is not given as a reason.
    expect(read).not.toContainEqual(expect.objectContaining({ path: 'auth.factors[0].activation' }))
  })

  test('names a cap that keeps the level down', () => {
    const binding = {
      ...{ authenticator: 'a1', account: 'x', at: '2026-01-01T00:00:00Z', method: 'additional' },
      ...{ session_aal: 'AAL1', account_max_aal: 'AAL2' },
    }
    const factor = { type: 'mf_crypto', uv: true, replay_resistant: true, authenticator: 'a1' }
    const facts = login(factor, { bindings: [binding] })
    const { value, lowered } = explainScore(nist, { axis: 'AAL', facts, at: NOW })
    expect(value).toBe('AAL1')
    expect(lowered).toMatchObject([{ id: 'AAL.BOUND_AT_AAL1', effect: 'AAL1', truth: 'true' }])
  })
})

describe('why not', () => {
  test('gives the false conditions of each rule above the value, the cheapest rule first', () => {
    const facts = login({ type: 'mf_crypto', uv: false, replay_resistant: true })
    const { whyNot } = explainScore(nist, { axis: 'AAL', facts, at: NOW })
    expect(whyNot.map(({ id }) => id)).toEqual(['AAL2.MULTI', 'AAL2.TWO', 'AAL3.MULTI', 'AAL3.TWO'])
    expect(whyNot[0]?.conditions).toContainEqual({
      text: 'f.uv == true',
      place: { file: 'policies/nist-63-4/authentication.rules.yaml', line: 18, column: 13 },
      truth: 'false',
      element: 'auth.factors[0]',
      facts: [{ path: 'auth.factors[0].uv', value: false }],
    })
    for (const { conditions } of whyNot)
      for (const { truth } of conditions) expect(truth).toBe('false')
  })

  test('gives the unknown ones where only they stand in the way, and what each answer would make of it', () => {
    const explained = explainScore(nist, { axis: 'IAL', facts: card('unknown'), at: NOW })
    expect(explained.status).toBe('indeterminate')
    const each = explained.whyNot.find(({ id }) => id === 'IAL2.EACH')
    expect(each?.truth).toBe('unknown')
    expect(new Set(each?.conditions.map(({ truth }) => truth))).toEqual(new Set(['unknown']))
    expect(explained.unknown).toMatchObject([
      { path: 'checks[2].result', check: 'status', ifPassed: 'IAL2', ifFailed: 'no_ial' },
    ])
  })

  test('an outcome that does not decide is not called the one that does', () => {
    const facts = card('good')
    const checks = [...(facts['checks'] as Facts[]), { type: 'pad', on: 'e1', result: 'unknown' }]
    const explained = explainScore(nist, { axis: 'IAL', facts: { ...facts, checks }, at: NOW })
    expect(explained).toMatchObject({ value: 'IAL2', status: 'decided', unknown: [] })
  })
})

describe('until when', () => {
  test('says what comes then, and which rule ends', () => {
    const session = { auth_aal: 'AAL2', age_s: 100, idle_s: 3000 }
    const explained = explainScore(nist, { axis: 'session', facts: { session }, at: NOW })
    expect(explained.next).toEqual({ at: NOW + 601, value: 'terminated', ends: ['SESSION.AAL2'] })
  })

  test('nothing that ends has no next', () => {
    const facts = login({ type: 'password', length: 20 })
    expect(explainScore(nist, { axis: 'AAL', facts, at: NOW }).next).toBeUndefined()
  })
})

describe('the least that would raise', () => {
  const raise = (scorer: Scorer, axis: string, facts: Facts, to: string) =>
    waysToRaise(scorer, { axis, facts, at: NOW }, to)

  test('is one fact where one is enough, and the cheapest rule stands first', () => {
    const facts = login({ type: 'mf_crypto', uv: false, replay_resistant: true })
    const [first, ...others] = raise(nist, 'AAL', facts, 'AAL2')
    expect(first).toMatchObject({
      effort: 2,
      rules: [{ id: 'AAL2.MULTI' }],
      changes: [{ kind: 'set', path: 'auth.factors[0].uv', value: true }],
    })
    const efforts = [first, ...others].map((one) => one?.effort ?? 0)
    expect(efforts).toEqual([...efforts].sort((a, b) => a - b))
    expect(others.map(({ rules }) => rules[0]?.id)).toContain('AAL2.TWO')
  })

  test('is the answer of an outcome that is open', () => {
    const [first] = raise(nist, 'IAL', card('unknown'), 'IAL2')
    expect(first?.changes).toEqual([{ kind: 'set', path: 'checks[2].result', value: 'good' }])
  })

  test('goes by a cap where one stands in the way', () => {
    const binding = {
      ...{ authenticator: 'a1', account: 'x', at: '2026-01-01T00:00:00Z', method: 'additional' },
      ...{ session_aal: 'AAL1', account_max_aal: 'AAL2' },
    }
    const factor = { type: 'mf_crypto', uv: true, replay_resistant: true, authenticator: 'a1' }
    const [first] = raise(nist, 'AAL', login(factor, { bindings: [binding] }), 'AAL2')
    expect(first?.rules.map(({ id }) => id)).toEqual(['AAL2.MULTI', 'AAL.BOUND_AT_AAL1'])
    // With another authenticator: what was bound stays as it was bound.
    expect(first?.changes).toMatchObject([{ path: 'auth.factors[0].authenticator' }])
  })

  test.each([
    ['a record of death', { ...card('good'), signals: [{ type: 'death_notice' }] }],
    ['fraud', { ...card('good'), signals: [{ type: 'fraud_confirmed' }] }],
  ])('never argues away %s', (_, facts) => {
    expect(raise(nist, 'IAL', facts, 'IAL2')).toEqual([])
  })

  test('never takes back a revocation: another document is needed', () => {
    const ways = raise(nist, 'IAL', card('revoked'), 'IAL2')
    expect(ways).not.toEqual([])
    for (const { changes } of ways) {
      expect(changes.every(({ path }) => !path.startsWith('checks['))).toBe(true)
      expect(changes.some(({ kind, path }) => kind === 'add' && path === 'evidence')).toBe(true)
    }
  })

  test('is nothing where the level is there already', () => {
    expect(raise(nist, 'IAL', card('good'), 'IAL1')).toEqual([])
  })

  test('fills every column of an axis that is the weakest of several', () => {
    const [first] = raise(meti, 'overall_authentication', { levels: { token: '4' } }, '3')
    expect(first?.changes.map(({ path }) => path)).toEqual([
      'levels.credential_management',
      'levels.process',
      'levels.assertion',
    ])
  })

  test('refuses a level that the axis does not have', () => {
    expect(() => raise(nist, 'IAL', {}, 'IAL4')).toThrow(TypeError)
  })

  test.each([...scorers].filter(([name]) => ['nist-63-4', 'watashi-default'].includes(name)))(
    'of %s: each set reaches the level, and none of its parts can be left out',
    (_, scorer) => {
      const { pack } = scorer
      for (const axis of pack.axes.values()) {
        if (axis.kind !== 'levels' || axis.internal) continue
        const reached = (facts: Facts, index: number) =>
          scorer.least({ axis: axis.name, facts, at: NOW }) >= 1 << index
        for (const [index, level] of axis.type.members.entries()) {
          for (const { changes, facts } of raise(scorer, axis.name, {}, level)) {
            expect(reached(facts, index)).toBe(true)
            for (const change of changes) {
              const without = applyChanges(
                {},
                changes.filter((one) => one !== change),
              )
              expect(reached(without, index)).toBe(false)
            }
          }
        }
      }
    },
    60_000,
  )
})

describe('what a relying party is told', () => {
  const explained = explainScore(nist, { axis: 'IAL', facts: card('unknown'), at: NOW })

  test('has the rules and kinds of checks, and no value, condition, path or entry', () => {
    const masked = maskExplanation(explained, () => false)
    expect(masked.unknown).toEqual(['status'])
    expect(masked.whyNot.map(({ id }) => id)).toContain('IAL2.EACH')
    const text = JSON.stringify(masked)
    for (const secret of ['jpki_sign_cert', 'remote_unattended', 'checks[', 'evidence[', 'JLIS'])
      expect(text).not.toContain(secret)
  })

  test('has the paths that the party knows from elsewhere, still without their values', () => {
    const masked = maskExplanation(explained, (path) => path === 'proofing.channel')
    expect(masked.whyNot.flatMap(({ paths }) => paths)).toContain('proofing.channel')
    expect(JSON.stringify(masked)).not.toContain('remote_unattended')
  })
})
