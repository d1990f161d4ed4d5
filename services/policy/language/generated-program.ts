import { CodedLayout } from './coded-layout.ts'
import { compileSource } from './compile-source.ts'
import type { Variant } from './emission.ts'
import { FactCoder } from './fact-coder.ts'
import { generateSource } from './generate.ts'
import { NormalForm, NotGenerated } from './normal-form.ts'
import type { Pack, PackOption } from './pack.ts'
import { planProgram, type ProgramPlan } from './program-plan.ts'

const MAX_TURNS = 1000
const FINDS: readonly Variant['finds'][] = ['fired', 'bounds', 'turns']

type Run = (words: Int32Array, start: number, now: number, measuredAt: number) => void

/**
 * Some axes of a pack as one function of JavaScript over coded subjects. After a run `out` holds two bounds per axis, then the
 * words of the rules that certainly fired, then of those that possibly fired. A run for turns gives the bounds alone,
 * and in `turns[0]` the next instant (coded) at which a clock turns that may change one.
 */
export class GeneratedProgram {
  readonly plan: ProgramPlan
  readonly layout: CodedLayout
  readonly out: Int32Array
  readonly turns = new Float64Array(1)
  readonly pack: Pack
  readonly #form: NormalForm
  readonly #first: Int32Array
  readonly #variants: (Run | undefined)[] = []

  /** Throws `NotGenerated` for an operation without code. A layout that is given grows where it lacks what the rules read. */
  constructor(pack: Pack, axes: readonly string[], layout = new CodedLayout()) {
    this.layout = layout
    this.pack = pack
    this.#form = new NormalForm(this.layout)
    this.plan = planProgram(pack, axes, this.#form)
    this.out = new Int32Array(2 * axes.length + 2 * this.plan.words)
    this.#first = new Int32Array(this.out.length)
  }

  /** Throws `EvalError` where the platform forbids code from strings. */
  run(variant: Variant): Run {
    const index = 2 * FINDS.indexOf(variant.finds) + (variant.kleene ? 1 : 0)
    return (this.#variants[index] ??= this.#compile(variant))
  }

  /**
   * Runs once, then from turn to turn until a bound of some axis differs: the first coded instant at which one does, Infinity for
   * never, or the last instant looked at, when there are too many turns. `target` is one axis by its position; all are meant
   * without it. `out` has the bounds at `now`.
   */
  until(words: Int32Array, start: number, open: boolean, now: number, target?: number): number {
    const run = this.run({ kleene: open, finds: 'turns' })
    run(words, start, now, now)
    let [turn = Infinity] = this.turns
    if (turn === Infinity) return turn
    const { out } = this
    const first = this.#first
    first.set(out)
    const from = 2 * (target ?? 0)
    const to = target === undefined ? 2 * this.plan.targets.length : from + 2
    for (let turns = 0; turn < Infinity && turns < MAX_TURNS; turns += 1) {
      run(words, start, turn, now)
      let same = true
      for (let i = from; i < to; i += 1) if (out[i] !== first[i]) same = false
      if (!same) break
      turn = this.turns[0] ?? Infinity
    }
    out.set(first)
    return turn
  }

  /** Source of a variant, for people who want to read it. */
  source(variant: Variant): string {
    return generateSource(this.#form, this.plan, variant).text
  }

  /** `options` are in the place of the pack's own, as a profile sets them. */
  coder(options: ReadonlyMap<string, PackOption> = this.pack.options): FactCoder {
    const { catalogue, zone } = this.pack
    return new FactCoder(this.layout, { catalogue, zone, options })
  }

  #compile(variant: Variant): Run {
    const source = generateSource(this.#form, this.plan, variant)
    return compileSource<Run>(source, this.#form.lookups, this)
  }
}

/** What is made of generated code; nothing where an operation has none, or the platform forbids code from strings. */
export function ifGenerated<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof NotGenerated || error instanceof EvalError) return undefined
    throw error
  }
}
