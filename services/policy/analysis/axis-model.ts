import type { Ir } from '../language/ir.ts'
import { axesIn } from '../language/ir-names.ts'
import type { LevelAxis, MethodAxis, Pack, Period, Rule } from '../language/pack.ts'
import { ABSENT } from '../language/types.ts'
import { ALWAYS, NEVER, type Node } from './diagrams.ts'
import { Translator } from './translate.ts'
import type { World } from './world.ts'
import { NotCovered } from './open-question.ts'
import { axisRead } from './open-reasons.ts'

const PROOFING_TIME = 'proofing.at'

/** The rules of a pack that bear on some axes, as diagrams: when each holds, and when a level is reached. */
export class PackModel {
  readonly pack: Pack
  readonly #world: World
  readonly #translator: Translator
  readonly #nodes = new Map<Rule, Node>()
  readonly #levels = new Map<string, readonly Node[]>()

  /** `numbers` is shared by the packs of a world. */
  constructor(world: World, pack: Pack, numbers: Map<string, number>) {
    this.pack = pack
    this.#world = world
    this.#translator = new Translator(world, pack, numbers, {
      levels: (axis) => this.#cases(axis),
      methods: (axis) => this.#methodsOf(axis),
    })
  }

  /** The axis and those that it reads. */
  axesBehind(name: string): readonly string[] {
    const found = new Set([name])
    for (const axis of found) {
      const irs: Ir[] = rulesOn(this.pack, axis).map(({ condition }) => condition)
      const definition = this.pack.axes.get(axis)
      if (definition?.kind === 'levels') irs.push(...(definition.minimum ?? []))
      for (const ir of irs) axesIn(ir, found)
    }
    return [...found]
  }

  prepare(axis: string): void {
    for (const ir of this.#conditions(axis)) this.#translator.registrar.prepare(ir)
  }

  register(axis: string): void {
    for (const ir of this.#conditions(axis)) this.#translator.registrar.register(ir)
    for (const name of this.axesBehind(axis))
      for (const rule of rulesOn(this.pack, name))
        for (const date of datesOf(rule.inForce)) {
          this.#world.times.note(`.${PROOFING_TIME}`, date)
          this.#world.times.note(`.${PROOFING_TIME}`, date - 1)
        }
  }

  /** When a rule holds and is in force. */
  rule(rule: Rule): Node {
    const known = this.#nodes.get(rule)
    if (known !== undefined) return known
    const node = this.#world.diagrams.and(
      this.#inForce(rule.inForce),
      this.#translator.condition(rule.condition),
    )
    this.#nodes.set(rule, node)
    return node
  }

  /** Part of a condition that was registered. */
  condition(ir: Ir): Node {
    return this.#translator.condition(ir)
  }

  /** For each level, when the value is at least that; `without` leaves one rule out. */
  reached(axis: LevelAxis, without?: Rule): readonly Node[] {
    const known = this.#levels.get(axis.name)
    if (known !== undefined && without === undefined) return known
    const { diagrams } = this.#world
    const held = (rules: readonly Rule[]) =>
      rules.filter((rule) => rule !== without).map((rule) => ({ rule, node: this.rule(rule) }))
    const vetoed = diagrams.any(
      held(this.pack.vetoes.filter(({ removes }) => removes.has(axis.name))).map(
        ({ node }) => node,
      ),
    )
    const caps = this.pack.caps
      .filter((cap) => cap !== without && cap.to.has(axis.name))
      .map((cap) => ({ to: cap.to.get(axis.name) ?? 1, node: this.rule(cap) }))
    const nodes = axis.type.members.map((_, i) => {
      if (i === 0) return ALWAYS
      const bit = 1 << i
      const capped = caps.filter(({ to }) => to < bit).map(({ node }) => node)
      return diagrams.without(this.granted(axis, i, without), diagrams.any([vetoed, ...capped]))
    })
    if (without === undefined) this.#levels.set(axis.name, nodes)
    return nodes
  }

  /** When grants, or the weakest part, give at least the level, before vetoes and caps. */
  granted(axis: LevelAxis, level: number, without?: Rule): Node {
    const { diagrams } = this.#world
    const bit = 1 << level
    if (axis.minimum !== undefined)
      return diagrams.all(
        axis.minimum.map((ir) =>
          diagrams.any(
            [...this.#translator.cases(ir)].map(([value, when]) =>
              value !== ABSENT && value >= bit ? when : NEVER,
            ),
          ),
        ),
      )
    return diagrams.any(
      this.pack.grants
        .filter((grant) => grant !== without && (grant.gives.get(axis.name) ?? 0) >= bit)
        .map((grant) => this.rule(grant)),
    )
  }

  /** For each method, when it is in the value. */
  methods(axis: MethodAxis, without?: Rule): readonly Node[] {
    const { diagrams } = this.#world
    const nodesOf = (rules: readonly Rule[]) =>
      rules.filter((rule) => rule !== without).map((rule) => this.rule(rule))
    return axis.type.members.map((_, i) => {
      const bit = 1 << i
      const has = (effect: ReadonlyMap<string, number>) =>
        ((effect.get(axis.name) ?? 0) & bit) !== 0
      const granted = nodesOf(this.pack.grants.filter(({ gives }) => has(gives)))
      const taken = nodesOf([
        ...this.pack.vetoes.filter(({ removes }) => has(removes)),
        ...this.pack.caps.filter(({ to }) => to.has(axis.name) && !has(to)),
      ])
      return diagrams.without(diagrams.any(granted), diagrams.any(taken))
    })
  }

  /** When each rule of an answer axis is the first that holds. */
  answered(
    axis: string,
  ): readonly { readonly rule: Rule; readonly node: Node; readonly first: Node }[] {
    const { diagrams } = this.#world
    let before: Node = NEVER
    return this.pack.answers
      .filter((rule) => rule.axis === axis)
      .map((rule) => {
        const node = this.rule(rule)
        const first = diagrams.without(node, before)
        before = diagrams.or(before, node)
        return { rule, node, first }
      })
  }

  #cases(name: string): Map<number, Node> {
    const axis = this.pack.axes.get(name)
    if (axis?.kind !== 'levels') throw new NotCovered(axisRead(name))
    const nodes = this.reached(axis)
    return new Map(
      nodes.map((node, i) => [1 << i, this.#world.diagrams.without(node, nodes[i + 1] ?? NEVER)]),
    )
  }

  #methodsOf(name: string): readonly Node[] {
    const axis = this.pack.axes.get(name)
    if (axis?.kind !== 'methods') throw new NotCovered(axisRead(name))
    return this.methods(axis)
  }

  #conditions(axis: string): readonly Ir[] {
    return this.axesBehind(axis).flatMap((name) => {
      const definition = this.pack.axes.get(name)
      const minimum = definition?.kind === 'levels' ? (definition.minimum ?? []) : []
      return [...rulesOn(this.pack, name).map(({ condition }) => condition), ...minimum]
    })
  }

  /** The day of the proofing picks the rules; without one it is now. */
  #inForce({ from, until }: Period): Node {
    if (from === undefined && until === undefined) return ALWAYS
    const holds = (at: number) => (from ?? at) <= at && at < (until ?? Number.POSITIVE_INFINITY)
    const { id, values } = this.#world.variable(this.#world.root, PROOFING_TIME, {
      kind: 'timestamp',
    })
    return this.#world.diagrams.test(id, (value) => {
      const text = values[value]
      return holds(typeof text === 'string' ? Date.parse(text) / 1000 : this.#world.now)
    })
  }
}

/** Every rule with an effect on an axis. */
export function rulesOn(
  { grants, vetoes, caps, notes, answers }: Pack,
  axis: string,
): readonly Rule[] {
  return [
    ...grants.filter(({ gives }) => gives.has(axis)),
    ...vetoes.filter(({ removes }) => removes.has(axis)),
    ...caps.filter(({ to }) => to.has(axis)),
    ...notes.filter(({ axes }) => axes.includes(axis)),
    ...answers.filter((rule) => rule.axis === axis),
  ]
}

function datesOf({ from, until }: Period): readonly number[] {
  return [from, until].filter((date) => date !== undefined)
}
