import {
  conditionOutcomes,
  decisionsOf,
  evaluate,
  outcomesOf,
  type Condition,
  type DecisionOutcome,
} from './decisions.ts'
import type { Ir } from './ir.ts'
import { axesIn } from './ir-names.ts'
import { F, T, U } from './kleene.ts'
import type { Pack } from './pack.ts'
import type { AxisTrace, RuleTrace } from './trace-pack.ts'

/** What tests have shown of one condition. */
export interface ConditionCoverage extends Condition {
  /** How often it came out so. */
  readonly true: number
  readonly false: number
  readonly unknown: number
  /**
   * Whether it decided alone: with this value, the other value would have turned the decision (masking MC/DC, DO-178C).
   * Both are needed.
   */
  readonly decidedTrue: boolean
  readonly decidedFalse: boolean
}

export interface CoverageTotals {
  readonly conditions: number
  readonly decisions: number
  readonly true: number
  readonly false: number
  readonly unknown: number
  /** Conditions that an outcome without an answer can reach at all. */
  readonly canBeUnknown: number
  readonly mcdc: number
}

interface Counter {
  readonly condition: Condition
  readonly seen: Map<number, number>
  readonly decided: Set<number>
}

/** How one condition came out once, and whether it decided. */
export interface Observation {
  readonly key: string
  readonly truth: number
  readonly decided: boolean
}

/** Everything that one evaluation shows. */
export function observe(pack: Pack, traces: readonly AxisTrace[]): readonly Observation[] {
  return asked(traces).flatMap((trace) =>
    rulesOfTrace(trace).flatMap(({ rule, node }) =>
      outcomesOf(pack.sources, rule, node).flatMap(({ outcome }) => observeOutcome(outcome)),
    ),
  )
}

/** The axis that was asked for and those that it reads: nobody looks at what the others came to. */
export function asked(traces: readonly AxisTrace[]): readonly AxisTrace[] {
  const read = new Set([traces.at(-1)?.axis.name])
  return [...traces].reverse().filter((trace) => {
    if (!read.has(trace.axis.name)) return false
    for (const { rule } of rulesOfTrace(trace))
      for (const name of axesOf(rule.condition)) read.add(name)
    for (const { ir } of trace.minimum) for (const name of axesOf(ir)) read.add(name)
    return true
  })
}

function axesOf(ir: Ir): ReadonlySet<string> {
  const known = axes.get(ir)
  if (known !== undefined) return known
  const names = new Set<string>()
  axesIn(ir, names)
  axes.set(ir, names)
  return names
}

/** Conditions stay as they were read: each is looked through once. */
const axes = new WeakMap<Ir, ReadonlySet<string>>()

export function rulesOfTrace(trace: AxisTrace): readonly RuleTrace[] {
  const { grants, vetoes, caps, notes, answers } = trace
  return [...grants, ...vetoes, ...caps, ...notes, ...answers]
}

function observeOutcome(outcome: DecisionOutcome): readonly Observation[] {
  const value = evaluate(outcome)
  return conditionOutcomes(outcome).map((condition) => {
    const { key, truth } = condition
    const turned = truth === U || value === U ? U : evaluate(outcome, condition)
    return { key, truth, decided: turned !== U && turned !== value }
  })
}

/** Counts, over any number of evaluations, how each condition of a pack came out and whether it decided. */
export class PackCoverage {
  readonly #pack: Pack
  readonly #decisions: number
  readonly #counters = new Map<string, Counter>()

  constructor(pack: Pack) {
    this.#pack = pack
    const decisions = decisionsOf(pack)
    this.#decisions = decisions.length
    for (const { conditions } of decisions) {
      for (const condition of conditions)
        this.#counters.set(condition.key, { condition, seen: new Map(), decided: new Set() })
    }
  }

  /** Takes in one evaluation. */
  add(traces: readonly AxisTrace[]): void {
    for (const { key, truth, decided } of observe(this.#pack, traces)) {
      const counter = this.#counters.get(key)
      if (counter === undefined) continue
      counter.seen.set(truth, (counter.seen.get(truth) ?? 0) + 1)
      if (decided) counter.decided.add(truth)
    }
  }

  /** By place. */
  get conditions(): readonly ConditionCoverage[] {
    return [...this.#counters.values()]
      .map(({ condition, seen, decided }) => ({
        ...condition,
        true: seen.get(T) ?? 0,
        false: seen.get(F) ?? 0,
        unknown: seen.get(U) ?? 0,
        decidedTrue: decided.has(T),
        decidedFalse: decided.has(F),
      }))
      .sort(
        ({ place: a }, { place: b }) =>
          (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
          a.line - b.line ||
          a.column - b.column,
      )
  }

  get totals(): CoverageTotals {
    const conditions = this.conditions
    const count = (holds: (one: ConditionCoverage) => boolean) => conditions.filter(holds).length
    return {
      conditions: conditions.length,
      decisions: this.#decisions,
      true: count((one) => one.true > 0),
      false: count((one) => one.false > 0),
      unknown: count((one) => one.unknown > 0),
      canBeUnknown: count((one) => one.canBeUnknown),
      mcdc: count((one) => one.decidedTrue && one.decidedFalse),
    }
  }
}

/** What no evaluation has shown of a condition: `never true`, `never decided false`. */
export function gapsOf(one: ConditionCoverage): readonly string[] {
  const gaps: string[] = []
  if (one.true === 0) gaps.push('never true')
  if (one.false === 0) gaps.push('never false')
  if (one.unknown === 0 && one.canBeUnknown) gaps.push('never unknown')
  if (one.true > 0 && !one.decidedTrue) gaps.push('never decided true')
  if (one.false > 0 && !one.decidedFalse) gaps.push('never decided false')
  return gaps
}
