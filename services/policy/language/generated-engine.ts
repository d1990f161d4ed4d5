import { EPOCH } from './coded-layout.ts'
import type { AxisBounds } from './compiled-pack.ts'
import type { Seconds } from './dates.ts'
import type { Engine, Evaluation, Reading, Supposed } from './engine.ts'
import type { FactCoder } from './fact-coder.ts'
import { GeneratedProgram, ifGenerated } from './generated-program.ts'
import type { Facts } from './judged-facts.ts'
import { T, U } from './kleene.ts'
import type { Axis, Note, Pack, PackOption } from './pack.ts'
import type { ProgramAxis, ProgramRule } from './program-plan.ts'
import { BITS } from './rules-that-matter.ts'

/** Rules as generated code over integer-coded facts, made when the first question comes. For processes that may run code from strings. */
export class GeneratedEngine implements Engine {
  readonly #pack: Pack
  readonly #options: ReadonlyMap<string, PackOption>
  readonly #axes: ReadonlySet<string>
  #made: { readonly program: GeneratedProgram; readonly coder: FactCoder } | undefined
  #isForbidden = false

  constructor(pack: Pack, options: ReadonlyMap<string, PackOption>) {
    this.#pack = pack
    this.#options = options
    this.#axes = new Set([...pack.axes.values()].filter(isOfBounds(pack)).map(({ name }) => name))
  }

  read(axis: string, facts: Facts, supposed: Supposed): Reading | undefined {
    if (!this.#axes.has(axis)) return undefined
    const made = this.#made ?? this.#make()
    const coded = made?.coder.encode(facts, 0, supposed)
    if (made === undefined || coded === undefined) return undefined
    const { program, coder } = made
    const words = coder.words.slice(0, coded.length) // the next facts are written over these
    const { outcomes, statusEnds, verifiedAt } = coded.judged
    return {
      ...{ outcomes, statusEnds, verifiedAt },
      evaluate: (name, now, measuredAt) =>
        evaluate(program, words, coded.open, name, now, measuredAt),
    }
  }

  #make(): { readonly program: GeneratedProgram; readonly coder: FactCoder } | undefined {
    if (this.#isForbidden) return undefined
    this.#made = ifGenerated(() => {
      const program = new GeneratedProgram(this.#pack, [...this.#axes])
      for (const kleene of [false, true])
        for (const finds of ['fired', 'turns'] as const) program.run({ kleene, finds })
      return { program, coder: program.coder(this.#options) }
    })
    this.#isForbidden = this.#made === undefined
    return this.#made
  }
}

/**
 * Whether the value of an axis is told by its bounds, and ends only when one of them changes: flags, and the name that the first
 * grant gives a level, have clocks of their own.
 */
export function isOfBounds(pack: Pack): (axis: Axis) => boolean {
  return (axis) =>
    axis.kind !== 'answer' &&
    !(axis.kind === 'levels' && axis.shows !== undefined) &&
    !pack.notes.some((note) => note.axes.includes(axis.name) && note.flags.length > 0)
}

function evaluate(
  program: GeneratedProgram,
  words: Int32Array,
  kleene: boolean,
  name: string,
  now: Seconds,
  measuredAt: Seconds,
): Evaluation {
  const { out, plan } = program
  const axis = plan.axes.find((one) => one.name === name)
  if (axis === undefined) throw new TypeError(`no axis ${name}`)
  program.run({ kleene, finds: 'turns' })(words, 0, now - EPOCH, measuredAt - EPOCH)
  const [turn = Infinity] = program.turns
  program.run({ kleene, finds: 'fired' })(words, 0, now - EPOCH, measuredAt - EPOCH)
  const first = 2 * plan.targets.length
  const truthOf = ({ index }: ProgramRule): number => {
    const [word, bit] = [first + Math.floor(index / BITS), 1 << (index % BITS)]
    if (((out[word] ?? 0) & bit) !== 0) return T
    return ((out[word + plan.words] ?? 0) & bit) !== 0 ? U : 0
  }
  const notes = plan.rules.flatMap((planned) => {
    const { rule } = planned
    if (rule.stratum !== 'note' || !rule.axes.includes(name)) return []
    return [{ rule, truth: truthOf(planned) }]
  })
  return {
    bounds: boundsOf(program, axis, truthOf),
    notes: notes.filter(({ truth }) => truth === T).map(({ rule }): Note => rule),
    openNotes: notes.some(({ truth }) => truth === U),
    nextTurn: turn + EPOCH,
  }
}

function boundsOf(
  { out, plan, pack }: GeneratedProgram,
  { name, grants, vetoes, caps }: ProgramAxis,
  truthOf: (rule: ProgramRule) => number,
): AxisBounds {
  const axis = pack.axes.get(name)
  if (axis === undefined) throw new TypeError(`no axis ${name}`)
  const at = 2 * plan.targets.indexOf(name)
  const fired = (effects: ProgramAxis['grants']) =>
    effects.flatMap(({ rule, mask }) => {
      const truth = truthOf(rule)
      return truth === 0 ? [] : [{ rule: rule.rule, truth, to: mask }]
    })
  return {
    axis,
    lower: out[at] ?? 0,
    upper: out[at + 1] ?? 0,
    grants: fired(grants),
    vetoes: fired(vetoes),
    caps: fired(caps),
  }
}
