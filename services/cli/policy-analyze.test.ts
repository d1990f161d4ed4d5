import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import { policyAnalyze } from './policy-analyze.ts'

function analyze(args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = policyAnalyze(args, {
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    read: (path) => readFileSync(path, 'utf8'),
    clock: new FrozenClock('2026-12-01T00:00:00Z'),
    policyDir: POLICIES_DIRECTORY,
  })
  return { code, out, err }
}

describe('policy analyze', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'watashi-analyze-'))
    cpSync(POLICIES_DIRECTORY, folder, { recursive: true })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const edit = (file: string, from: string, to: string) => {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(from)
    writeFileSync(path, text.replace(from, to))
  }

  test('a shipped pack is proved, with what it says of itself', () => {
    const { code, out, err } = analyze(['gpg45'])
    expect(err).toEqual([])
    expect(out[0]).toBe('confidence: proved for lists of any length')
    expect(out.filter((line) => line.startsWith('invariant: '))).toEqual([
      expect.stringContaining('more evidence never lowers confidence but by kept: holds'),
      expect.stringContaining('each level and method is reached: holds'),
    ])
    expect(code).toBe(0)
  })

  test('an exception that is taken away is a fault of the rules and of the invariant, with its place', () => {
    edit('nist-63-4/identity.rules.yaml', ', except: [worth]', '')
    const { code, out } = analyze(['nist-63-4', '--policies', folder])
    expect(code).toBe(1)
    expect(out.join('\n')).toMatch(/non-monotone: one more check authentic lowers/)
    expect(out.join('\n')).toMatch(/identity\.rules\.yaml:\d+:\d+ invariant: one more/)
  })

  test('as JSON, with the person of whom an invariant does not hold', () => {
    edit('gpg45/framework.yaml', 'levels: [none, low,', 'levels: [none, lower, low,')
    const { code, out } = analyze(['gpg45', '--policies', folder, '--json'])
    const answer = JSON.parse(out[0] ?? '') as { invariants: readonly object[] }
    expect(answer.invariants).toMatchObject([
      { kind: 'monotone', holds: true },
      { kind: 'reachable', holds: false, text: { en: 'nobody reaches lower of confidence' } },
    ])
    expect(code).toBe(1)
  })

  test.each([
    ['no pack', []],
    ['an axis that is none', ['gpg45', '--axis', 'trust']],
    ['a pack that is none', ['gpg54']],
  ])('refuses %s', (_, args) => {
    expect(analyze(args).code).toBe(2)
  })
})
