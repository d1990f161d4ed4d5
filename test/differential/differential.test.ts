import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RandomNumbers } from '../mutation/random.ts'
import { NOW } from '../pki/issue.ts'
import { CLASSES, classOf } from './classes.ts'
import { runDifferential } from './differential.ts'
import { MutantMaker } from './make-mutants.ts'
import type { Mutant } from './mutant.ts'

const folder = join(import.meta.dirname, '../artefacts/differential')
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) {
  // Where everything has to run, this must.
  if (process.env['CI'] === 'true') throw new Error('the program openssl is missing')
  console.warn('SKIPPED: the differential test needs the program openssl (Debian package openssl)')
}

const COUNT = 500
const SEED = 20261126

describe.runIf(hasOpenssl)('what our verifier and openssl make of the same messages', () => {
  test('differs where a clause says why, and nowhere else', async () => {
    const now = new Date(Math.floor(Date.now() / 1000) * 1000)
    const result = await runDifferential({ count: COUNT, seed: SEED, now, atOnce: 2, folder })
    expect(result.unexplained).toEqual([])
    expect(result.total).toBe(COUNT)
    expect(result.signedAgain).toBeGreaterThan(COUNT / 2)
    // Judges that agree because one of them refuses everything would agree on nothing.
    for (const kind of ['target', 'intermediate', 'crl', 'ocsp', 'cms'] as const) {
      const { both = 0, neither = 0 } = result.kinds.get(kind) ?? {}
      expect(both, `${kind}s that both accept`).toBeGreaterThan(0)
      expect(neither, `${kind}s that both refuse`).toBeGreaterThan(0)
    }
  })
})

test('the same seed makes the same mutants', () => {
  const made = (seed: number): Mutant[] => {
    const maker = new MutantMaker(new RandomNumbers(seed), NOW)
    return Array.from({ length: 60 }, (_, i) => maker.make(i))
  }
  expect(made(1)).toEqual(made(1))
  expect(made(1)).not.toEqual(made(2))
})

describe('the rules of what may differ', () => {
  const [mutant] = [new MutantMaker(new RandomNumbers(1), NOW).make(0)]

  test('explain nothing by themselves', () => {
    const accepts = { accepts: true, reason: '' }
    const refuses = { accepts: false, reason: 'a reason that no rule has' }
    expect(classOf({ mutant, ours: accepts, openssl: refuses })).toBeNull()
    expect(classOf({ mutant, ours: refuses, openssl: accepts })).toBeNull()
  })

  test('ask for a fact where ours accepts, and for a clause always', () => {
    for (const { class: name, accepts, fact, clause, why } of CLASSES) {
      expect(clause, name).toMatch(/§/)
      expect(why, name).not.toBe('')
      if (accepts === 'ours') expect(fact, name).toBeDefined()
    }
    expect(new Set(CLASSES.map((one) => one.class)).size).toBe(CLASSES.length)
  })
})
