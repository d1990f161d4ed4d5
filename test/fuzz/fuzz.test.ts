import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { Violation, type FuzzTarget } from './target.ts'
import { FUZZ_TARGETS } from './targets.ts'

const folder = join(import.meta.dirname, '../artefacts/fuzz')

/** A minute for all of them; `npm run fuzz` takes longer. */
const SECONDS = 60 / FUZZ_TARGETS.length

describe('whatever the bytes are', () => {
  test.each(FUZZ_TARGETS)('$name keeps its word: $what', async (target) => {
    const options = { seconds: SECONDS, seed: 20261126, guided: false, folder }
    const { findings, executions } = await fuzz(target, options)
    expect(findings).toEqual([])
    expect(executions).toBeGreaterThan(target.seeds.length)
  })
})

describe('the fuzzer itself', () => {
  const spoilt: FuzzTarget = {
    name: 'spoilt',
    what: 'a parser that has faults',
    seeds: [Uint8Array.of(0x30, 3, 2, 1, 5)],
    run: (input) => {
      if (input.length === 0) throw new Violation('an input with bytes')
      if (input[0] === 0x31) throw new RangeError('an error of no known type')
      if (input.length > 8) input[0] = 0
      if (input[0] === 0x02) spin(400)
    },
  }

  test('finds what breaks a promise, an untyped error, a changed input and a slow one', async () => {
    const place = join(folder, 'self-test')
    const options = { seconds: 3, seed: 1, guided: false, folder: place }
    const { findings } = await fuzz(spoilt, options)
    const said = findings.join('\n')
    expect(said).toContain('an input with bytes')
    expect(said).toContain('an error of no known type')
    expect(said).toContain('an input that is left as it was')
    expect(said).toContain('ms of CPU time')
  })
})

/** Works for so many milliseconds of CPU time. */
function spin(milliseconds: number): void {
  const began = process.cpuUsage()
  for (;;) {
    const { user, system } = process.cpuUsage(began)
    if (user + system > milliseconds * 1000) return
  }
}
