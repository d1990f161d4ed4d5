import { EPOCH } from './coded-layout.ts'
import { axesIn } from './ir-names.ts'
import { NotGenerated, type NormalForm, type Node } from './normal-form.ts'
import type { Ir } from './ir.ts'
import type { Cap, Grant, Note, Pack, Rule, UnknownMode, Veto } from './pack.ts'

/** A rule with the place of its bit in the mask of fired rules. */
export interface ProgramRule {
  readonly rule: Grant | Veto | Cap | Note
  readonly index: number
  readonly condition: Node
  readonly from: number | undefined
  readonly until: number | undefined
  readonly unknown: UnknownMode
}

interface Effect {
  readonly rule: ProgramRule
  readonly mask: number
}

/** What makes the value of one axis. */
export interface ProgramAxis {
  readonly name: string
  readonly kind: 'levels' | 'methods'
  readonly rules: readonly ProgramRule[]
  readonly grants: readonly Effect[]
  readonly vetoes: readonly Effect[]
  readonly caps: readonly Effect[]
  readonly minimum: readonly Node[] | undefined
}

/** Everything that a program computes. */
export interface ProgramPlan {
  /** Axes that were asked for. */
  readonly targets: readonly string[]
  /** These and all that they read, each after those that it reads. */
  readonly axes: readonly ProgramAxis[]
  readonly rules: readonly ProgramRule[]
  /** Words of the mask of fired rules. */
  readonly words: number
}

/** Plans the program of some axes of a pack. Throws `NotGenerated`. */
export function planProgram(pack: Pack, targets: readonly string[], form: NormalForm): ProgramPlan {
  return new Planner(pack, form).plan(targets)
}

class Planner {
  readonly #pack: Pack
  readonly #form: NormalForm
  readonly #rules = new Map<Rule, ProgramRule>()

  constructor(pack: Pack, form: NormalForm) {
    this.#pack = pack
    this.#form = form
  }

  plan(targets: readonly string[]): ProgramPlan {
    const needed = this.#needed(targets)
    const axes = this.#pack.order.filter((name) => needed.has(name)).map((name) => this.#axis(name))
    for (const note of this.#pack.notes) if (this.#concerns(note, targets)) this.#rule(note)
    const rules = [...this.#rules.values()]
    for (const { condition } of rules) condition.uses += 1
    return { targets, axes, rules, words: Math.max(1, Math.ceil(rules.length / 32)) }
  }

  #concerns({ axes }: Note, targets: readonly string[]): boolean {
    return axes.some((axis) => targets.includes(axis))
  }

  /** The targets, and every axis that their rules read. */
  #needed(targets: readonly string[]): ReadonlySet<string> {
    const needed = new Set<string>()
    const queue = [...targets]
    for (const note of this.#pack.notes)
      if (this.#concerns(note, targets)) queue.push(...axesOf(note.condition))
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (needed.has(name)) continue
      needed.add(name)
      const axis = this.#pack.axes.get(name)
      if (axis?.kind === 'levels') queue.push(...(axis.minimum ?? []).flatMap(axesOf))
      for (const rule of this.#rulesOf(name)) queue.push(...axesOf(rule.condition))
    }
    return needed
  }

  #rulesOf(axis: string): readonly (Grant | Veto | Cap)[] {
    const { grants, vetoes, caps } = this.#pack
    return [
      ...grants.filter(({ gives }) => gives.has(axis)),
      ...vetoes.filter(({ removes }) => removes.has(axis)),
      ...caps.filter(({ to }) => to.has(axis)),
    ]
  }

  #axis(name: string): ProgramAxis {
    const axis = this.#pack.axes.get(name)
    if (axis === undefined || axis.kind === 'answer') throw new NotGenerated('an answer')
    const rules = this.#rulesOf(name).map((rule) => this.#rule(rule))
    const of = (stratum: 'grant' | 'veto' | 'cap'): Effect[] =>
      rules
        .filter(({ rule }) => rule.stratum === stratum)
        .map((rule) => ({ rule, mask: maskOn(rule.rule, name) }))
    return {
      name,
      kind: axis.kind,
      rules,
      grants: of('grant'),
      vetoes: of('veto'),
      caps: of('cap'),
      minimum:
        axis.kind === 'levels'
          ? axis.minimum?.map((ir) => this.#form.value(ir, this.#pack.tables))
          : undefined,
    }
  }

  #rule(rule: Grant | Veto | Cap | Note): ProgramRule {
    const known = this.#rules.get(rule)
    if (known !== undefined) return known
    const { from, until } = rule.inForce
    const planned: ProgramRule = {
      rule,
      index: this.#rules.size,
      condition: this.#form.condition(rule.condition, this.#pack.tables),
      from: from === undefined ? undefined : from - EPOCH,
      until: until === undefined ? undefined : until - EPOCH,
      unknown: 'unknown' in rule ? rule.unknown : 'lower',
    }
    this.#rules.set(rule, planned)
    return planned
  }
}

function maskOn(rule: Grant | Veto | Cap | Note, axis: string): number {
  switch (rule.stratum) {
    case 'grant':
      return rule.gives.get(axis) ?? 0
    case 'veto':
      return rule.removes.get(axis) ?? 0
    case 'cap':
      return rule.to.get(axis) ?? 0
    case 'note':
      return 0
  }
}

function axesOf(ir: Ir): readonly string[] {
  const axes = new Set<string>()
  axesIn(ir, axes)
  return [...axes]
}
