import { Session, type Profiler } from 'node:inspector'

/** Which places of the project's own code have ever run, by V8's block coverage. */
export class CoverageMap {
  readonly #session = new Session()
  readonly #seen = new Map<string, Uint8Array>()
  #last: [Uint8Array, number][] = []

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Adds what ran since the last call; whether any of it is new. */
  grow(): boolean {
    this.#last = []
    for (const { url, functions } of this.#take()) {
      if (!url.includes('/services/')) continue
      const end = Math.max(...functions.flatMap(({ ranges }) => ranges.map((r) => r.endOffset)))
      this.#add(url, ran(functions, end))
    }
    return this.#last.length > 0
  }

  /** Takes back what the last call added, so that the inputs that brought it can be told apart. */
  forgetLast(): void {
    for (const [seen, place] of this.#last) seen[place] = 0
    this.#last = []
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = []
    // The session of a thread with itself answers before it returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error
      result = taken.result
    })
    return result
  }

  #add(url: string, covered: Uint8Array): void {
    const seen = this.#seen.get(url) ?? new Uint8Array(MAX_SCRIPT)
    this.#seen.set(url, seen)
    for (let place = 0; place < covered.length; place++) {
      if (covered[place] === 0 || seen[place] === 1) continue
      seen[place] = 1
      this.#last.push([seen, place])
    }
  }
}

/** No file of ours is longer, in characters. */
const MAX_SCRIPT = 2 ** 17

/** One octet per character of the script: 1 where it ran. Inner ranges say more than the ones around them. */
function ran(functions: readonly Profiler.FunctionCoverage[], end: number): Uint8Array {
  const covered = new Uint8Array(end)
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      covered.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    }
  }
  return covered
}
