import { EventEmitter } from 'node:events'
import type { WatchResponse } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { WatashiClient } from './watashi-client.ts'

export interface LevelNews {
  readonly framework: string
  readonly axis: string
  readonly level: string
  readonly previousLevel: string
  readonly lowered: boolean
}

/** What we know by watching: one stream for all our persons, taken up again where it broke. */
export class LevelWatch {
  readonly #client: WatashiClient
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  readonly #news = new Map<string, Map<string, LevelNews>>()
  readonly #gone = new Set<string>()
  #position = ''
  #pause = 200
  #closed = false
  #cancel: () => void = () => undefined

  constructor(client: WatashiClient) {
    this.#client = client
  }

  get position(): string {
    return this.#position
  }

  /** Changes since we began to watch, one per axis; the newest counts. */
  newsOf(pairwiseSubject: string): readonly LevelNews[] {
    return [...(this.#news.get(pairwiseSubject)?.values() ?? [])]
  }

  isGone(pairwiseSubject: string): boolean {
    return this.#gone.has(pairwiseSubject)
  }

  /** The person came back after having withdrawn. */
  welcome(pairwiseSubject: string): void {
    this.#gone.delete(pairwiseSubject)
    this.#news.delete(pairwiseSubject)
  }

  onChange(pairwiseSubject: string, listener: () => void): () => void {
    this.#emitter.on(pairwiseSubject, listener)
    return () => this.#emitter.off(pairwiseSubject, listener)
  }

  async run(): Promise<void> {
    while (!this.#closed) {
      await this.#follow()
      await new Promise((resolve) => setTimeout(resolve, this.#pause).unref())
      this.#pause = Math.min(this.#pause * 2, 5000)
    }
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #follow(): Promise<void> {
    const stream = await this.#client.watch(this.#position)
    this.#cancel = () => stream.cancel()
    await new Promise<void>((resolve) => {
      stream.on('data', (message: WatchResponse) => this.#take(message))
      stream.on('error', (error: Error & { readonly code?: number }) => {
        // INVALID_ARGUMENT, OUT_OF_RANGE: a position that is no longer known; begin anew with the present state.
        if (error.code === 3 || error.code === 11) this.#position = ''
        resolve()
      })
      stream.on('end', resolve)
    })
  }

  #take({ position, event }: WatchResponse): void {
    this.#pause = 200
    // Messages of the state at the start carry none: cut off among them, we begin again.
    if (position !== '') this.#position = position
    if (event?.$case === 'subjectGone') {
      this.#gone.add(event.subjectGone.pairwiseSubject)
      this.#emitter.emit(event.subjectGone.pairwiseSubject)
    }
    if (event?.$case !== 'levelChanged' || event.levelChanged.initial) return
    const { pairwiseSubject, level, previousLevel, lowered } = event.levelChanged
    if (level === undefined) return
    const { framework, axis } = level
    const known = this.#news.get(pairwiseSubject) ?? new Map<string, LevelNews>()
    known.set(`${framework}/${axis}`, {
      ...{ framework, axis, previousLevel, lowered },
      level: level.level,
    })
    this.#news.set(pairwiseSubject, known)
    this.#emitter.emit(pairwiseSubject)
  }
}
