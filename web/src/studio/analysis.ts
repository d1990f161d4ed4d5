import { useEffect, useRef, useState } from 'react'
import {
  difference,
  findings,
  type AxisDifference,
  type AxisFindings,
  type DocumentChange,
} from '../api/policy.ts'
import { failureOf, type Failure } from '../parts/failure.ts'
import { FACTS, folderOf } from './workbench.ts'

/** What was proved of one axis, and of which draft. */
export interface AxisAnalysis {
  readonly axis: string
  readonly findings: AxisFindings
  /** Absent where nothing was changed, and for an axis that is new. */
  readonly difference: AxisDifference | undefined
  readonly of: AnalysisQuestion
}

export interface AnalysisQuestion {
  /** Folder of the framework. */
  readonly pack: string
  readonly axes: readonly string[]
  /** Axes that the framework in force has too. */
  readonly known: readonly string[]
  readonly changes: readonly DocumentChange[]
}

export interface Analysis {
  /** Newest of each axis; those of an earlier draft stay until theirs come. */
  readonly axes: ReadonlyMap<string, AxisAnalysis>
  /** Axis that is worked on. */
  readonly waitingFor: string | undefined
  readonly failure: Failure | undefined
}

/** Changes that the answers of a framework depend on. */
export function changesOf(pack: string, changes: readonly DocumentChange[]): DocumentChange[] {
  return changes.filter(({ path }) => path === FACTS || folderOf(path) === pack)
}

const NOTHING: Analysis = { axes: new Map(), waitingFor: undefined, failure: undefined }
/** Milliseconds without a change before the server is asked: an analysis takes seconds. */
const PAUSE = 600

/** Analyses one axis after the other; another question takes back the one before it. `question` must keep its identity while it is the same. */
export function useAnalysis(question: AnalysisQuestion | undefined): Analysis {
  const [analysis, setAnalysis] = useState(NOTHING)
  const pack = useRef<string>(undefined)
  useEffect(() => {
    if (question === undefined) return undefined
    if (pack.current !== question.pack) setAnalysis(NOTHING)
    pack.current = question.pack
    const leaving = new AbortController()
    const timer = setTimeout(() => {
      void analyse(question, leaving.signal, setAnalysis)
    }, PAUSE)
    return () => {
      clearTimeout(timer)
      leaving.abort()
      setAnalysis((before) => ({ ...before, waitingFor: undefined }))
    }
  }, [question])
  return analysis
}

async function analyse(
  of: AnalysisQuestion,
  left: AbortSignal,
  tell: (change: (before: Analysis) => Analysis) => void,
): Promise<void> {
  const { pack, changes } = of
  try {
    for (const axis of of.axes) {
      tell((before) => ({ ...before, waitingFor: axis, failure: undefined }))
      const about = { pack, axis, changes: [...changes] }
      const compared = changes.length > 0 && of.known.includes(axis)
      const found = {
        difference: compared ? await difference(about, left) : undefined,
        findings: await findings(about, left),
      }
      if (left.aborted) return
      tell((before) => ({
        ...before,
        axes: new Map(before.axes).set(axis, { axis, ...found, of }),
      }))
    }
    tell((before) => ({ ...before, waitingFor: undefined }))
  } catch (error) {
    if (left.aborted) return
    tell((before) => ({ ...before, waitingFor: undefined, failure: failureOf(error) }))
  }
}
