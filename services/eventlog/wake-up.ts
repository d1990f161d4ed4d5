/**
 * A bell for one waiter. A ring before the wait is not lost, so what arrives between the last look and the wait is seen
 * at once.
 */
export class WakeUp {
  #rung = false
  #waiter: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#waiter?.()
  }

  /** Waits for a ring, for `milliseconds`, or for `signal`, whichever comes first. Does not keep the process alive. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, milliseconds)
      timer.unref()
      const aborted = (): void => resolve()
      signal.addEventListener('abort', aborted)
      this.#waiter = resolve
      await promise
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
    }
    this.#waiter = undefined
    this.#rung = false
  }
}
