import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mutateDer } from '../mutation/mutate.ts'
import { RandomNumbers } from '../mutation/random.ts'
import { CoverageMap } from './coverage-map.ts'
import { cpuTimeOf, slowness } from './cpu-time.ts'
import { must, Violation, type FuzzTarget } from './target.ts'

/** Largest input that is tried, in bytes; the limit of time is for inputs up to it. */
const MAX_INPUT = 64 * 1024
const MAX_CPU_MICROSECONDS = 50_000
const MEASUREMENTS = 5
const BATCH = 256
const MAX_CORPUS = 4_000
const MAX_FINDINGS = 20

export interface FuzzOptions {
  readonly seconds: number
  readonly seed: number
  /** Whether inputs that reach new code are mutated further; not under a run that measures coverage itself. */
  readonly guided: boolean
  /** Where inputs that fail are written. */
  readonly folder: string
}

export interface FuzzResult {
  readonly executions: number
  readonly seconds: number
  readonly corpus: number
  readonly findings: readonly string[]
}

/** Runs a target on mutants until the time is over. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  return new Fuzzer(target, options).run()
}

class Fuzzer {
  readonly #target: FuzzTarget
  readonly #options: FuzzOptions
  readonly #random: RandomNumbers
  readonly #corpus: Uint8Array[]
  readonly #findings = new Map<string, string>()
  #executions = 0

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target
    this.#options = options
    this.#random = new RandomNumbers(options.seed)
    this.#corpus = [...target.seeds]
  }

  async run(): Promise<FuzzResult> {
    const began = performance.now()
    const coverage = this.#options.guided ? new CoverageMap() : null
    const passed = (): number => (performance.now() - began) / 1000
    try {
      for (const seed of this.#target.seeds) await this.#execute(seed)
      coverage?.grow()
      while (passed() < this.#options.seconds && this.#findings.size < MAX_FINDINGS) {
        const batch = Array.from({ length: BATCH }, () => this.#mutant())
        for (const input of batch) await this.#execute(input)
        if (coverage?.grow() === true) await this.#keepNew(batch, coverage)
      }
    } finally {
      coverage?.close()
    }
    return {
      executions: this.#executions,
      seconds: passed(),
      corpus: this.#corpus.length,
      findings: [...this.#findings.values()],
    }
  }

  #mutant(): Uint8Array {
    const mutate = this.#target.mutate ?? mutateDer
    const input = mutate(this.#random.pick(this.#corpus), this.#random, this.#target.seeds)
    return input.length <= MAX_INPUT ? input : input.subarray(0, MAX_INPUT)
  }

  /** Finds the inputs of a batch that reached code for the first time, by what each of them reaches alone. */
  async #keepNew(batch: readonly Uint8Array[], coverage: CoverageMap): Promise<void> {
    const [first, second] = [batch.slice(0, batch.length / 2), batch.slice(batch.length / 2)]
    if (batch.length <= 8 || this.#corpus.length >= MAX_CORPUS) {
      this.#corpus.push(...batch.slice(0, Math.max(0, MAX_CORPUS - this.#corpus.length)))
      return
    }
    coverage.forgetLast()
    for (const half of [first, second]) {
      for (const input of half) await this.#execute(input)
      if (coverage.grow()) return this.#keepNew(half, coverage)
    }
  }

  async #execute(input: Uint8Array): Promise<void> {
    this.#executions += 1
    const untouched = new Uint8Array(input)
    try {
      const took = await cpuTimeOf(() => this.#target.run(input))
      must(Buffer.compare(input, untouched) === 0, 'an input that is left as it was')
      if (took > MAX_CPU_MICROSECONDS) await this.#measureAgain(input)
    } catch (error) {
      this.#note(input, error)
    }
  }

  /** The time of one run is also that of the compiler, of whoever clears memory away, and of a core that others share. */
  async #measureAgain(input: Uint8Array): Promise<void> {
    let least = Infinity
    for (let i = 0; i < MEASUREMENTS; i++) {
      const slower = await slowness()
      const took = await cpuTimeOf(() => this.#target.run(input))
      least = Math.min(least, took / slower)
    }
    if (least > MAX_CPU_MICROSECONDS) {
      throw new Violation(`took ${(least / 1000).toFixed(0)} ms of CPU time`)
    }
  }

  /** One finding for each place that an error comes from. */
  #note(input: Uint8Array, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const isSlow = text.includes('ms of CPU time')
    const place = isSlow ? 'slow' : text.split('\n').slice(0, 2).join(' ')
    if (this.#findings.has(place)) return
    const name = createHash('sha256').update(input).digest('hex').slice(0, 16)
    const folder = join(this.#options.folder, this.#target.name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${name}.bin`), input)
    writeFileSync(join(folder, `${name}.txt`), `${text}\n`)
    this.#findings.set(place, `${name}: ${text.split('\n')[0]}`)
  }
}
