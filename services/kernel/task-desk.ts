import { Unavailable } from './errors.ts'
import type { Log } from './log.ts'
import { TaskThread, type Answers, type Task } from './task-thread.ts'

/** Performs one task after the other in a thread, beside everything else that the process does. */
export interface TaskDesk<T extends Task, A extends Answers<T>> {
  /**
   * Rejects with the signal's reason when it is aborted, and with `Unavailable` for what takes too long, waits with too many,
   * or ends the thread.
   */
  ask<K extends T['kind']>(task: T & { readonly kind: K }, signal: AbortSignal): Promise<A[K]>
  close(): Promise<void>
}

export interface DeskLimits {
  /** Milliseconds that one task may take, from its own turn on. */
  readonly patience: number
  readonly waiting: number
}

export interface DeskOptions {
  /** A module that calls `performTasks`. */
  readonly program: URL
  /** What the tasks are, as messages call it: `the analysis`. */
  readonly work: string
  readonly log: Pick<Log, 'error'>
  readonly limits?: DeskLimits
}

const LIMITS: DeskLimits = { patience: 60_000, waiting: 20 }

/** The thread starts with the first task. */
export function createTaskDesk<T extends Task, A extends Answers<T>>(
  options: DeskOptions,
): TaskDesk<T, A> {
  return new ThreadDesk(options)
}

interface Waiting<T extends Task, A extends Answers<T>> {
  readonly task: T
  readonly signal: AbortSignal
  readonly answer: PromiseWithResolvers<A[T['kind']]>
}

/** What is computed does not stop by itself: the thread ends in the middle of it, and the next task gets another. */
class ThreadDesk<T extends Task, A extends Answers<T>> implements TaskDesk<T, A> {
  readonly #options: DeskOptions
  readonly #limits: DeskLimits
  #waiting: Waiting<T, A>[] = []
  #thread: TaskThread<T, A> | undefined
  #busy = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#limits = options.limits ?? LIMITS
  }

  ask<K extends T['kind']>(task: T & { readonly kind: K }, signal: AbortSignal): Promise<A[K]> {
    if (signal.aborted) return Promise.reject(reasonOf(signal))
    if (this.#waiting.length >= this.#limits.waiting)
      return Promise.reject(new Unavailable(`too many wait for ${this.#options.work}`))
    const answer = Promise.withResolvers<A[T['kind']]>()
    this.#waiting.push({ task, signal, answer })
    void this.#work()
    // Each kind of task has its own kind of answer.
    return answer.promise as Promise<A[K]>
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

  async #perform({ task, signal, answer }: Waiting<T, A>): Promise<void> {
    const { work } = this.#options
    const given = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.patience)])
    const thread = this.#running()
    const stop = (): void => {
      answer.reject(signal.aborted ? reasonOf(signal) : new Unavailable(`${work} takes too long`))
      void this.close()
    }
    given.addEventListener('abort', stop)
    try {
      answer.resolve(await thread.ask(task))
    } catch (error) {
      answer.reject(given.aborted ? error : this.#failed(error))
    } finally {
      given.removeEventListener('abort', stop)
    }
  }

  /** A fault inside of a thread ends that thread alone; it is told to the operator, and not to whoever asked. */
  #failed(cause: unknown): Unavailable {
    const { work, log } = this.#options
    log.error('TASK_FAILED', { reason: work }, cause)
    return new Unavailable(`${work} failed`, { cause })
  }

  #running(): TaskThread<T, A> {
    if (this.#thread === undefined || this.#thread.ended)
      this.#thread = new TaskThread(this.#options.program)
    return this.#thread
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
