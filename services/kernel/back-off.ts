/** Pauses between attempts, in milliseconds: the first, and then twice the one before, up to the last. */
export class BackOff {
  readonly #first: number
  readonly #last: number
  #next: number

  constructor({ first, last }: { readonly first: number; readonly last: number }) {
    this.#first = first
    this.#last = last
    this.#next = first
  }

  /** The pause to make now. */
  next(): number {
    const pause = this.#next
    this.#next = Math.min(pause * 2, this.#last)
    return pause
  }

  /** An attempt came through: the next failure is a first one. */
  reset(): void {
    this.#next = this.#first
  }
}
