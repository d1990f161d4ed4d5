import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import { policyExplain } from './policy-explain.ts'

const LOGIN = { auth: { factors: [{ type: 'mf_crypto', uv: false, replay_resistant: true }] } }
const AAL = ['--facts', 'f.json', '--framework', 'nist-800-63B-4', '--axis', 'AAL']

function explain(args: readonly string[], facts: unknown = LOGIN) {
  const out: string[] = []
  const err: string[] = []
  const code = policyExplain(args, {
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    read: (path) => (path === 'f.json' ? JSON.stringify(facts) : readFileSync(path, 'utf8')),
    clock: new FrozenClock('2026-06-01T00:00:00Z'),
    policyDir: POLICIES_DIRECTORY,
  })
  return { code, out, err }
}

describe('policy explain', () => {
  test('says why, why not and what would raise it, in the language asked for', () => {
    const { code, out } = explain([...AAL, '--to', 'AAL2', '--lang', 'ja'])
    expect(code).toBe(0)
    expect(out[0]).toBe('nist-800-63B-4 AAL: AAL1')
    expect(out).toContain('  AAL1 → AAL1 1つの認証器 (SP 800-63B-4 §2.1.1, SP 800-63B-4 §3.1.1.2)')
    expect(out).toContain(
      '    false `f.uv == true` of auth.factors[0]: auth.factors[0].uv = false (policies/nist-63-4/authentication.rules.yaml:18:13)',
    )
    const raise = out.slice(out.indexOf('what would raise it'))
    expect(raise.slice(1, 3)).toEqual([
      '  effort 2 AAL2.MULTI 端末での本人確認（生体・PIN）が必要です',
      '    auth.factors[0].uv = true',
    ])
  })

  test('takes a row of a case file, and gives one JSON object', () => {
    const row = {
      id: 'x',
      framework: 'other',
      facts: { session: { auth_aal: 'AAL2', age_s: 0, idle_s: 0 } },
    }
    const args = [
      '--facts',
      'f.json',
      '--framework',
      'nist-800-63B-4',
      '--axis',
      'session',
      '--json',
    ]
    const { code, out } = explain(args, row)
    expect(code).toBe(0)
    expect(out).toHaveLength(1)
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      framework: 'nist-800-63B-4',
      value: 'AAL2',
      next: { at: '2026-06-01T01:00:01Z', value: 'terminated', ends: ['SESSION.AAL2'] },
      raise: [],
    })
  })

  test('answers for the time that is asked about', () => {
    const facts = { authenticator: { expires_at: '2026-07-01T00:00:00Z' } }
    const args = ['--facts', 'f.json', '--framework', 'nist-800-63B-4', '--axis', 'authenticator']
    expect(explain(args, facts).out[0]).toContain('"usable":true')
    expect(explain([...args, '--at', '2026-07-01'], facts).out[0]).toContain('"usable":false')
  })

  test('masked, tells no value and no condition', () => {
    const { out } = explain([...AAL, '--masked'])
    expect(out.join('\n')).not.toMatch(/uv|mf_crypto|auth\.factors/)
    expect(out).toContain(
      '  AAL2.MULTI → AAL2 a multi-factor authenticator activated in this event (SP 800-63B-4 §2.2.1, SP 800-63B-4 §2.2.2)',
    )
  })

  test('a level that nothing can bring ends with 1', () => {
    const args = ['--facts', 'f.json', '--framework', 'nist-800-63A-4', '--axis', 'IAL']
    const { code } = explain([...args, '--to', 'IAL1'], { signals: [{ type: 'death_notice' }] })
    expect(code).toBe(1)
  })

  test.each([
    [[], '--facts: expected a value'],
    [AAL.slice(0, 4), '--axis: expected a value'],
    [[...AAL, '--to', 'AAL4'], 'did you mean `AAL'],
    [[...AAL, '--lang', 'fr'], '`ja` or `en`'],
    [[...AAL, '--at', 'yesterday'], 'an RFC 3339 instant'],
    [[...AAL.slice(0, 3), 'meti-idtf-2015', ...AAL.slice(4)], 'did you mean `meti-idtf-2016`?'],
    [['--colour'], 'Unknown option'],
  ])('%j is a bad call', (args, message) => {
    const { code, err } = explain(args)
    expect(code).toBe(2)
    expect(err.join('\n')).toContain(message)
  })

  test.each([
    ['facts that the schema refuses', { auth: { factors: 'none' } }],
    ['a list', []],
  ])('%s are bad input', (_, facts) => {
    expect(explain(AAL, facts).code).toBe(2)
  })
})
