import { EventEmitter } from 'node:events'

/** How long another process's change may stay unseen, in milliseconds. */
const POLL = 400

/**
 * Wakes who waits for a change: at once when it was made in this process, else by looking again after a moment.
 */
export class ChangeNotifier {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  notify(topic: string): void {
    this.#emitter.emit(topic)
  }

  /** Resolves at the next change of `topic`, after `limit` milliseconds, or when `signal` aborts; the caller looks itself. */
  wait(topic: string, signal: AbortSignal, limit = POLL): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#emitter.off(topic, done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(limit, POLL))
      this.#emitter.once(topic, done)
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })
  }
}
