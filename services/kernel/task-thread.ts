import { parentPort, Worker } from 'node:worker_threads'

/** What a thread is asked to do; each kind of task has its own kind of answer. */
export interface Task {
  readonly kind: string
}

export type Answers<T extends Task> = { readonly [K in T['kind']]: unknown }

interface Request<T extends Task> {
  readonly id: number
  readonly task: T
}

interface Reply {
  readonly id: number
  readonly answer: unknown
}

/** A thread that performs tasks one after the other. It does not keep the process alive. */
export class TaskThread<T extends Task, A extends Answers<T>> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0
  #ended: Error | undefined

  /** @param program a module that calls `performTasks` */
  constructor(program: URL) {
    this.#worker = new Worker(program)
    this.#worker.on('message', ({ id, answer }: Reply) => {
      this.#waiting.get(id)?.resolve(answer)
      this.#waiting.delete(id)
    })
    this.#worker.on('error', (error) => {
      this.#end(error instanceof Error ? error : new Error('the thread failed'))
    })
    this.#worker.on('exit', () => this.#end(new Error('the thread has ended')))
    this.#worker.unref()
  }

  /** Whether nothing can be asked any more. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** Rejects when the thread ends before it has answered. */
  ask<K extends T['kind']>(task: T & { readonly kind: K }): Promise<A[K]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#asked += 1
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(this.#asked, waiting)
    this.#worker.postMessage({ id: this.#asked, task } satisfies Request<T>)
    // The thread answers each kind of task by its own kind of answer.
    return waiting.promise as Promise<A[K]>
  }

  /** Ends the thread in the middle of whatever it does. */
  async close(): Promise<void> {
    this.#end(new Error('the thread has ended'))
    await this.#worker.terminate()
  }

  #end(reason: Error): void {
    this.#ended ??= reason
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

/** Makes the module a thread's program. A fault is not caught: it ends the thread, and whoever waits for it is told. */
export function performTasks<T extends Task, A extends Answers<T>>(
  perform: (task: T) => A[T['kind']],
): void {
  parentPort?.on('message', ({ id, task }: Request<T>) => {
    parentPort?.postMessage({ id, answer: perform(task) } satisfies Reply)
  })
}
