import type { Log } from '../../kernel/log.ts'
import { createTaskDesk, type DeskLimits, type TaskDesk } from '../../kernel/task-desk.ts'
import type { GateAnswers, GateTask } from './gate-thread.ts'

/** Holds drafts against the gates, one after the other: proofs among them take seconds, and everybody else is answered meanwhile. */
export type GateDesk = TaskDesk<GateTask, GateAnswers>

export function createGateDesk(log: Pick<Log, 'error'>, limits?: DeskLimits): GateDesk {
  const program = new URL('./gate-thread.ts', import.meta.url)
  return createTaskDesk({ program, work: 'the check of the gates', log, ...(limits && { limits }) })
}
