import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import { policyTest } from './policy-test.ts'

const CASES = join(POLICIES_DIRECTORY, 'watashi-default/own.test.yaml')
const TEXT = `framework: watashi-default
tests:
  - name: a passkey
    facts: { auth: { factors: [{ type: mf_crypto, phishing_resistant: true }] } }
    expect: { phishing_resistant: 'yes' }
`

function run(args: readonly string[], text = TEXT) {
  const out: string[] = []
  const code = policyTest([CASES, ...args], {
    print: (line) => void out.push(line),
    complain: (line) => void out.push(line),
    read: (path) => (path === CASES ? text : readFileSync(path, 'utf8')),
    clock: new FrozenClock('2026-11-01T00:00:00Z'),
    policyDir: POLICIES_DIRECTORY,
  })
  return { code, out }
}

describe('policy test --coverage', () => {
  test('names each gap at its place, then the totals of the pack', () => {
    const { code, out } = run(['--coverage'])
    expect(code).toBe(0)
    expect(out[0]).toBe('1 passed, 0 failed')
    expect(out).toContain(
      'policies/watashi-default/framework.yaml:40:66 `f.phishing_resistant` never false',
    )
    expect(out.at(-1)).toMatch(
      /^watashi-default: \d+ conditions: \d+ true, .* MC\/DC in \d+ decisions$/,
    )
  })

  test('gives one object per pack', () => {
    const { code, out } = run(['--coverage', '--json'])
    expect(code).toBe(0)
    const [result, coverage] = out.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(result).toEqual({ passed: 1, failed: 0 })
    expect(coverage).toMatchObject({ pack: 'watashi-default', true: expect.any(Number) as number })
    expect(coverage?.['gaps']).toContainEqual(
      expect.objectContaining({ text: 'f.phishing_resistant', line: 40, gaps: ['never false'] }),
    )
  })

  test('a failing case is told as an object, and fails the run', () => {
    const { code, out } = run(['--json'], TEXT.replace("'yes'", "'no'"))
    expect(code).toBe(1)
    expect(out.map((line) => JSON.parse(line) as object)).toEqual([
      { case: `${CASES}:3 a passkey`, axis: 'phishing_resistant', expected: 'no', got: 'yes' },
      { passed: 0, failed: 1 },
    ])
  })
})
