import type { GateReport } from '../api.ts'
import type { Text } from '../language/text.ts'

/** Reports that were kept before faults and failed tests were told in two languages have English words alone. */
type Words = Text | string

/** What the gates found, as a proposal keeps it. */
export interface StoredReport extends Omit<GateReport, 'diagnostics' | 'tests'> {
  readonly diagnostics: readonly (Omit<Diagnostic, 'message' | 'help'> & {
    readonly message: Words
    readonly help: Words | null
  })[]
  readonly tests: {
    readonly passed: number
    readonly failed: readonly (Omit<FailedTest, 'miss'> & { readonly miss: Words })[]
  }
}

type Diagnostic = GateReport['diagnostics'][number]
type FailedTest = GateReport['tests']['failed'][number]

export function readReport(stored: StoredReport): GateReport {
  return {
    ...stored,
    diagnostics: stored.diagnostics.map(({ message, help, ...where }) => ({
      ...where,
      message: toText(message),
      help: help === null ? null : toText(help),
    })),
    tests: {
      passed: stored.tests.passed,
      failed: stored.tests.failed.map(({ miss, ...test }) => ({ ...test, miss: toText(miss) })),
    },
  }
}

function toText(words: Words): { ja: string; en: string } {
  return typeof words === 'string' ? { ja: words, en: words } : { ja: words.ja, en: words.en }
}
