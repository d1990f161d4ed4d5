import { performTasks } from '../kernel/task-thread.ts'
import { analyzeAxis } from './analysis/analyze.ts'
import { compareAxis } from './analysis/compare.ts'
import type { AxisDifference, AxisReport } from './analysis/report.ts'
import { PolicyRejected, type Diagnostic } from './language/diagnostic.ts'
import type { Seconds } from './language/dates.ts'
import { FACTS, FACTS_SCHEMA, PolicyLibrary, type PolicyDocuments } from './policy-library.ts'

interface About {
  /** Name of the framework's folder. */
  readonly pack: string
  readonly axis: string
  readonly now: Seconds
}

/** What the thread is asked: about one axis of a framework, and how it stands to the same axis of other documents. */
export type AnalysisTask =
  | (About & { readonly kind: 'findings'; readonly documents: PolicyDocuments })
  | (About & {
      readonly kind: 'difference'
      readonly before: PolicyDocuments
      readonly after: PolicyDocuments
    })

/** The rules cannot be read, so that nothing can be said of them. */
export interface Unreadable {
  readonly diagnostics: readonly Diagnostic[]
}

/** The axis, or the whole framework, is not in the documents. */
export type Nothing = 'no such axis'

export interface AnalysisAnswers {
  readonly findings: AxisReport | Nothing | Unreadable
  readonly difference: AxisDifference | Nothing | Unreadable
}

function perform(task: AnalysisTask): AnalysisAnswers[AnalysisTask['kind']] {
  try {
    switch (task.kind) {
      case 'findings':
        return findings(task)
      case 'difference':
        return difference(task)
      default:
        return task satisfies never
    }
  } catch (error) {
    if (error instanceof PolicyRejected) return { diagnostics: error.diagnostics }
    throw error
  }
}

function findings(task: AnalysisTask & { readonly kind: 'findings' }): AnalysisAnswers['findings'] {
  const { documents, pack: name, axis, now } = task
  const library = new PolicyLibrary(documents)
  if (!library.list().includes(name)) return 'no such axis'
  const { pack } = library.load(name)
  if (!pack.axes.has(axis)) return 'no such axis'
  return analyzeAxis({ pack, schema: library.factsSchema(), now }, axis)
}

function difference(
  task: AnalysisTask & { readonly kind: 'difference' },
): AnalysisAnswers['difference'] {
  const { pack: name, axis, now } = task
  const [old, own] = [new PolicyLibrary(task.before), new PolicyLibrary(task.after)]
  if (!old.list().includes(name) || !own.list().includes(name)) return 'no such axis'
  const [before, after] = [old.load(name).pack, own.load(name).pack]
  if (!before.axes.has(axis) || !after.axes.has(axis)) return 'no such axis'
  // People are made out of one catalogue: two cannot be compared person by person.
  if ([FACTS, FACTS_SCHEMA].some((path) => task.before.get(path) !== task.after.get(path)))
    return {
      ...{ axis, change: 'open', engine: 'none', raised: undefined, lowered: undefined },
      reason: {
        ja: '事実の型が違います',
        en: 'the catalogue of facts is another',
      },
    }
  return compareAxis({ before, after, schema: own.factsSchema(), now }, axis)
}

performTasks<AnalysisTask, AnalysisAnswers>(perform)
