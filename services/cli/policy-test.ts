import { parseArgs } from 'node:util'
import type { Json } from '../kernel/canonical-json.ts'
import { ServiceError } from '../kernel/errors.ts'
import { missesOf } from '../policy/case-file.ts'
import { CASE_OPTIONS, instantOf, loadCases, type LoadedCase } from './policy-case-files.ts'
import { CoverageReport } from './policy-coverage.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'
import { mutationScores, printMutation } from './policy-mutation.ts'
import { refuse } from './policy-score.ts'
import { isTrustmarkTest, runTrustmarkTest } from './policy-trustmark-test.ts'

/**
 * `watashi policy test FILE… [--framework ID]… [--policies DIR] [--coverage] [--mutation] [--json]`: runs
 * `*.test.yaml` (of packs and of trustmarks) and `*.jsonl`, prints each miss with expected and got, then `N passed, N failed`; with
 * `--coverage` also what the cases have shown of each condition of the packs, with `--mutation` which small faults of the packs they would not notice. Exit code 0 when all passed, 1 when one failed, 2 when a file cannot be read.
 */
export function policyTest(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...CASE_OPTIONS,
        coverage: { type: 'boolean' },
        mutation: { type: 'boolean' },
      },
      allowPositionals: true,
    })
    const marks = positionals.filter((file) => isTrustmarkTest(file, io))
    const files = positionals.filter((file) => !marks.includes(file))
    const cases = marks.length > 0 && files.length === 0 ? [] : loadCases(files, values, io)
    const ofTrustmarks = marks.flatMap((file) => runTrustmarkTest(file, values.policies, io))
    const print = (miss: Miss) =>
      io.print(values.json === true ? JSON.stringify(miss) : describeMiss(miss))
    const coverage = values.coverage === true ? new CoverageReport() : undefined
    let failed = ofTrustmarks.filter((misses) => misses.length > 0).length
    for (const { label, member, expected, got } of ofTrustmarks.flat())
      print({ case: label, axis: member, expected, got })
    for (const loaded of cases) {
      const misses = runCase(loaded, io)
      if (misses.length > 0) failed += 1
      for (const miss of misses) print(miss)
      coverage?.add(loaded, io)
    }
    const passed = cases.length + ofTrustmarks.length - failed
    if (values.json === true) io.print(JSON.stringify({ passed, failed }))
    else io.print(`${passed} passed, ${failed} failed`)
    coverage?.print(io, values.json === true)
    // Cases that fail already notice everything.
    if (values.mutation === true && failed === 0)
      printMutation(mutationScores(cases, io), io, values.json === true)
    return failed === 0 ? EXIT.holds : EXIT.doesNotHold
  } catch (error) {
    return refuse(error, io)
  }
}

interface Miss {
  readonly case: string
  readonly axis: string
  readonly expected: Json
  readonly got?: Json
  readonly error?: { readonly code: string; readonly message: string }
}

function describeMiss({ case: label, axis, expected, got, error }: Miss): string {
  const found = error === undefined ? JSON.stringify(got) : `${error.code}: ${error.message}`
  return `${label} (${axis}): expected ${JSON.stringify(expected)}, got ${found}`
}

function runCase(loaded: LoadedCase, io: PolicyIo): readonly Miss[] {
  const { label, framework, axis, facts, expected } = loaded.one
  try {
    const score = loaded.frameworks.score({ framework, axis, facts, at: instantOf(loaded, io) })
    return missesOf(expected, score).map((miss) => ({ case: label, axis, ...miss }))
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    const { code, message } = error
    return [{ case: label, axis, expected: expected.value ?? null, error: { code, message } }]
  }
}
