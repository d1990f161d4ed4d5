import { Unavailable } from '../kernel/errors.ts'
import { TaskThread } from '../kernel/task-thread.ts'
import type { AnalysisAnswers, AnalysisTask } from './analysis-thread.ts'

/** Analyses one question after the other, beside everything else that the process does. */
export interface AnalysisDesk {
  /** Rejects with the signal's reason when it is aborted, and with `Unavailable` for what takes too long or waits with too many. */
  ask<K extends AnalysisTask['kind']>(
    task: AnalysisTask & { readonly kind: K },
    signal: AbortSignal,
  ): Promise<AnalysisAnswers[K]>
  close(): Promise<void>
}

interface Waiting {
  readonly task: AnalysisTask
  readonly signal: AbortSignal
  readonly answer: PromiseWithResolvers<AnalysisAnswers[AnalysisTask['kind']]>
}

export interface AnalysisLimits {
  /** Milliseconds that one question may take. */
  readonly patience: number
  readonly waiting: number
}

const LIMITS: AnalysisLimits = { patience: 60_000, waiting: 20 }

export function createAnalysisDesk(limits: AnalysisLimits = LIMITS): AnalysisDesk {
  return new ThreadDesk(limits)
}

/** An analysis does not stop by itself: the thread ends in the middle of it, and the next question gets another. */
class ThreadDesk implements AnalysisDesk {
  readonly #limits: AnalysisLimits
  #waiting: Waiting[] = []
  #thread: TaskThread<AnalysisTask, AnalysisAnswers> | undefined
  #busy = false

  constructor(limits: AnalysisLimits) {
    this.#limits = limits
  }

  ask<K extends AnalysisTask['kind']>(
    task: AnalysisTask & { readonly kind: K },
    signal: AbortSignal,
  ): Promise<AnalysisAnswers[K]> {
    if (signal.aborted) return Promise.reject(reasonOf(signal))
    if (this.#waiting.length >= this.#limits.waiting)
      return Promise.reject(new Unavailable('too many analyses are waiting'))
    const answer = Promise.withResolvers<AnalysisAnswers[AnalysisTask['kind']]>()
    this.#waiting.push({ task, signal, answer })
    void this.#work()
    // Each kind of task has its own kind of answer.
    return answer.promise as Promise<AnalysisAnswers[K]>
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { signal, answer } = next
      if (signal.aborted) answer.reject(reasonOf(signal))
      else await this.#perform(next)
    }
    this.#busy = false
  }

  async #perform({ task, signal, answer }: Waiting): Promise<void> {
    const given = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.patience)])
    const thread = this.#running()
    const stop = (): void => {
      answer.reject(
        signal.aborted ? reasonOf(signal) : new Unavailable('the analysis takes too long'),
      )
      void this.close()
    }
    given.addEventListener('abort', stop)
    try {
      answer.resolve(await thread.ask(task))
    } catch (error) {
      answer.reject(error)
    } finally {
      given.removeEventListener('abort', stop)
    }
  }

  #running(): TaskThread<AnalysisTask, AnalysisAnswers> {
    if (this.#thread === undefined || this.#thread.ended)
      this.#thread = new TaskThread(new URL('./analysis-thread.ts', import.meta.url))
    return this.#thread
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
