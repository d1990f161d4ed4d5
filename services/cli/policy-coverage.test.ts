import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import { policyCases } from './policy-cases.ts'
import { policyTest } from './policy-test.ts'

const CASES = join(POLICIES_DIRECTORY, 'watashi-default/own.test.yaml')
const TEXT = `framework: watashi-default
tests:
  - name: a passkey
    facts: { auth: { factors: [{ type: mf_crypto, phishing_resistant: true }] } }
    expect: { phishing_resistant: 'yes' }
`

function run(args: readonly string[], text = TEXT, command = policyTest) {
  const out: string[] = []
  const code = command([CASES, ...args], {
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

describe('policy test --mutation', () => {
  test('names each fault that no case notices, then how many were noticed', () => {
    const { code, out } = run(['--mutation'])
    expect(code).toBe(0)
    expect(out).toContain(
      'policies/watashi-default/framework.yaml:50:14 `f.status in [suspended, revoked, expired, disabled]` negated: no case notices',
    )
    expect(out).not.toContainEqual(expect.stringContaining('`f.phishing_resistant` negated'))
    expect(out.at(-1)).toBe('watashi-default: 4 of 8 faults noticed')
  })

  test('gives one object per pack, and nothing while a case fails', () => {
    const { out } = run(['--mutation', '--json'])
    expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({ pack: 'watashi-default', killed: 4 })
    expect(run(['--mutation', '--json'], TEXT.replace("'yes'", "'no'")).out).toHaveLength(2)
  })
})

describe('policy cases', () => {
  test('writes a test file that holds, and that shows what was not shown', () => {
    const { code, out } = run(['--limit', '300'], TEXT, policyCases)
    expect(code).toBe(0)
    const both = `${TEXT}${out.slice(1).join('\n')}\n`
    const before = run(['--coverage', '--json']).out.at(-1) ?? ''
    const after = run(['--coverage', '--json'], both)
    expect(after.code).toBe(0)
    const totals = (line: string) => JSON.parse(line) as { readonly mcdc: number }
    expect(totals(after.out.at(-1) ?? '').mcdc).toBeGreaterThan(totals(before).mcdc)
  }, 60_000)

  test('gives one object a line, and refuses a limit that is none', () => {
    const { out } = run(['--json', '--limit', '300'], TEXT, policyCases)
    expect(out.length).toBeGreaterThan(0)
    for (const line of out) expect(JSON.parse(line)).toMatchObject({ axis: 'phishing_resistant' })
    expect(run(['--limit', '0'], TEXT, policyCases)).toMatchObject({ code: 2 })
  })
})
