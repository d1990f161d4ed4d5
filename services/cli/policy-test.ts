import { parseArgs } from 'node:util'
import { InvalidInput, ServiceError } from '../kernel/errors.ts'
import {
  caseOf,
  isBroken,
  missesOf,
  readLines,
  readTestFile,
  type PolicyCase,
} from '../policy/case-file.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import type { Frameworks } from '../policy/frameworks.ts'
import { EXIT, packLoader, type PolicyIo } from './policy-io.ts'
import { readText, refuse } from './policy-score.ts'

/**
 * `watashi policy test FILE… [--framework ID]… [--policies DIR]`: runs `*.test.yaml` and `*.jsonl`, prints each miss with expected and
 * got, then `N passed, N failed`. Exit code 0 when all passed, 1 when one failed, 2 when a file cannot be read.
 */
export function policyTest(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        framework: { type: 'string', multiple: true },
        policies: { type: 'string' },
      },
      allowPositionals: true,
    })
    if (positionals.length === 0)
      throw new InvalidInput('FILE', 'at least one *.test.yaml or *.jsonl')
    const packsOf = packLoader(io, values.policies)
    const wanted = values.framework
    let passed = 0
    let failed = 0
    for (const file of positionals) {
      const { frameworks, validator } = packsOf(file)
      for (const one of readCases(file, io, validator)) {
        if (wanted !== undefined && !wanted.includes(one.framework)) continue
        const misses = runCase(one, frameworks, io)
        for (const miss of misses) io.print(miss)
        if (misses.length === 0) passed += 1
        else failed += 1
      }
    }
    io.print(`${passed} passed, ${failed} failed`)
    return failed === 0 ? EXIT.holds : EXIT.doesNotHold
  } catch (error) {
    return refuse(error, io)
  }
}

function readCases(file: string, io: PolicyIo, validator: FactsValidator): readonly PolicyCase[] {
  const text = readText(file, io)
  if (file.endsWith('.test.yaml')) return readTestFile({ path: file, text }, validator)
  if (!file.endsWith('.jsonl'))
    throw new InvalidInput(file, 'a name that ends in .test.yaml or .jsonl')
  return readLines(text).map((line) => {
    if (isBroken(line))
      throw new InvalidInput(`${file} ${line.error.path}`, 'a case', { cause: line.error })
    return caseOf(file, line, validator)
  })
}

function runCase(one: PolicyCase, frameworks: Frameworks, io: PolicyIo): readonly string[] {
  try {
    const at = one.at === undefined ? io.clock.now() : frameworks.readAt(one.framework, one.at)
    const score = frameworks.score({
      framework: one.framework,
      axis: one.axis,
      facts: one.facts,
      at,
    })
    return missesOf(one.expected, score).map(
      ({ expected, got }) =>
        `${one.label} (${one.axis}): expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`,
    )
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return [
      `${one.label} (${one.axis}): expected ${JSON.stringify(one.expected.value ?? null)}, got ${error.code}: ${error.message}`,
    ]
  }
}
