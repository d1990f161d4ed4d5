import { performTasks } from '../../kernel/task-thread.ts'
import type { GateReport } from '../api.ts'
import { PolicyLibrary, type PolicyDocuments } from '../policy-library.ts'
import { passGates, type GateFindings, type GateQuestion } from './gates.ts'

/** What the thread is asked: whether documents may take the place of others. */
export interface GateTask {
  readonly kind: 'gates'
  /** What is in force; `digest` is the identity of the documents. */
  readonly before: { readonly digest: string; readonly documents: PolicyDocuments }
  readonly question: Omit<GateQuestion, 'before'>
}

export interface GateAnswer {
  readonly report: GateReport
  /** Of every pack; empty where the documents cannot be read. */
  readonly versions: GateFindings['versions']
}

export interface GateAnswers {
  readonly gates: GateAnswer
}

let inForce: { readonly digest: string; readonly library: PolicyLibrary } | undefined

function perform({ before, question }: GateTask): GateAnswer {
  if (inForce?.digest !== before.digest)
    inForce = { digest: before.digest, library: new PolicyLibrary(before.documents) }
  const findings = passGates({ ...question, before: inForce.library })
  return { report: toReport(findings), versions: findings.versions }
}

const MAX_FAILED = 100

function toReport(findings: GateFindings): GateReport {
  const { passed, diagnostics, tests, objections, raisesNobody } = findings
  return {
    passed,
    diagnostics: diagnostics.map(({ code, place, message, help }) => ({
      path: place.file,
      line: place.line,
      column: place.column,
      ...{ code, message, help: help ?? null },
    })),
    tests: {
      passed: tests.passed,
      failed: tests.failed.slice(0, MAX_FAILED).map((one) => ({ ...one })),
    },
    objections: objections.map((text) => ({ ...text })),
    ...(raisesNobody === undefined ? {} : { raisesNobody }),
  }
}

performTasks<GateTask, GateAnswers>(perform)
