import type { Step } from '../step-up.ts'

const KEPT_AS = 'watashi.taken'

/** Remembers, for this tab, that a step towards a service's minimum was taken to its end. */
export function noteTaken(path: string, step: Step): void {
  try {
    sessionStorage.setItem(KEPT_AS, `${step} ${path}`)
  } catch {
    return // without storage the step is offered anew
  }
}

/** Whether the step was the last that was taken for this request: taking it once more would hardly help. */
export function wasTaken(path: string, step: Step): boolean {
  try {
    return sessionStorage.getItem(KEPT_AS) === `${step} ${path}`
  } catch {
    return false
  }
}
