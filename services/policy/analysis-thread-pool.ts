import type { Log } from '../kernel/log.ts'
import { createTaskDesk, type DeskLimits, type TaskDesk } from '../kernel/task-desk.ts'
import type { AnalysisAnswers, AnalysisTask } from './analysis-thread.ts'

/** Analyses one question after the other. */
export type AnalysisDesk = TaskDesk<AnalysisTask, AnalysisAnswers>

export function createAnalysisDesk(log: Pick<Log, 'error'>, limits?: DeskLimits): AnalysisDesk {
  const program = new URL('./analysis-thread.ts', import.meta.url)
  return createTaskDesk({ program, work: 'the analysis', log, ...(limits && { limits }) })
}
