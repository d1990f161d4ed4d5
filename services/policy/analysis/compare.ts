import { canonicalJson, type Json } from '../../kernel/canonical-json.ts'
import type { Seconds } from '../language/dates.ts'
import type { Answer, Axis, LevelAxis, MethodAxis, Pack } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import type { Facts } from '../language/judged-facts.ts'
import type { PackModel } from './axis-model.ts'
import { NEVER, type Node } from './diagrams.ts'
import { everyInstantOf, ExactModel } from './exact.ts'
import { focusOn } from './focus.ts'
import { exampleOf, plainLevel, Replay } from './example.ts'
import type { AxisDifference, Change, Example } from './report.ts'
import { NotConfirmed, OpenQuestion } from './open-question.ts'
import { differenceScored, openOn } from './open-reasons.ts'

export interface Comparison {
  readonly before: Pack
  readonly after: Pack
  /** facts.schema.json. */
  readonly schema: Facts
  readonly now: Seconds
}

/** How the answers of a newer version stand to those of an older one, axis by axis. */
export function comparePacks(comparison: Comparison): readonly AxisDifference[] {
  const { before, after } = comparison
  const shared = [...after.axes.values()].filter(
    ({ name, internal }) => before.axes.has(name) && !internal,
  )
  return shared.map((axis) => compareAxis(comparison, axis.name))
}

/** Axes that only one of the versions has. */
export function axesGone({ before, after }: Comparison): {
  readonly added: readonly string[]
  readonly removed: readonly string[]
} {
  const only = (one: Pack, other: Pack) =>
    [...one.axes.keys()].filter((name) => !other.axes.has(name))
  return { added: only(after, before), removed: only(before, after) }
}

export interface NeverRaises {
  /** `false` comes with a person who is raised; `open` when it could not be proved either way. */
  readonly holds: boolean | 'open'
  readonly raised: readonly AxisDifference[]
  readonly open: readonly AxisDifference[]
}

/** Gate of publishing: does a new version give nobody more than the one before it? A new axis raises nobody above an old one. */
export function neverRaises(comparison: Comparison): NeverRaises {
  return gateOf(comparePacks(comparison))
}

/** The same from differences that are known already. */
export function gateOf(differences: readonly AxisDifference[]): NeverRaises {
  const raised = differences.filter(
    ({ raised: example, change }) => example !== undefined || change === 'differs',
  )
  const open = differences.filter(({ change }) => change === 'open')
  return { holds: raised.length > 0 ? false : open.length > 0 ? 'open' : true, raised, open }
}

export function compareAxis(comparison: Comparison, name: string): AxisDifference {
  const { before, after, schema, now } = comparison
  const nothing = { axis: name, raised: undefined, lowered: undefined } as const
  try {
    const found = { raised: undefined, lowered: undefined, differs: undefined } as Found
    const replays = [before, after].map((pack) => new Replay(pack))
    for (const packs of pairsOf(before, after, name)) {
      for (const instant of everyInstantOf([before, after], now)) {
        const model = new ExactModel(
          packs.map((pack) => ({ pack, axis: name })),
          schema,
          instant,
        )
        const pair = new AxisPair(model, name, replays)
        for (const what of ['raised', 'lowered', 'differs'] as const)
          found[what] ??= pair.example(what)
      }
    }
    const { raised, lowered, differs } = found
    if (differs !== undefined)
      return { ...nothing, change: 'differs', engine: 'exact', reason: undefined, raised: differs }
    return {
      ...nothing,
      change: changeOf(raised, lowered),
      engine: 'exact',
      reason: undefined,
      raised,
      lowered,
    }
  } catch (error) {
    if (!(error instanceof OpenQuestion)) throw error
    return { ...nothing, change: 'open', engine: 'none', reason: error.reason }
  }
}

type Found = Record<'raised' | 'lowered' | 'differs', Example | undefined>

/** Methods one by one, as they do not depend on each other; other axes as a whole. */
function pairsOf(before: Pack, after: Pack, name: string): readonly (readonly Pack[])[] {
  const [old, next] = [before, after].map(({ axes }) => axes.get(name))
  if (old?.kind !== 'methods' || next?.kind !== 'methods') return [[before, after]]
  const ids = [...new Set([...old.type.members, ...next.type.members])]
  return ids.map((id) => [focusOn(before, old, id), focusOn(after, next, id)])
}

function changeOf(raised: Example | undefined, lowered: Example | undefined): Change {
  if (raised === undefined) return lowered === undefined ? 'equivalent' : 'only-lowers'
  return lowered === undefined ? 'only-raises' : 'mixed'
}

/** The same axis of two versions over the same people. */
class AxisPair {
  readonly #exact: ExactModel
  readonly #name: string
  readonly #replays: readonly Replay[]
  readonly #nodes: Readonly<Record<'raised' | 'lowered' | 'differs', Node>>

  constructor(exact: ExactModel, name: string, replays: readonly Replay[]) {
    this.#exact = exact
    this.#name = name
    const [before, after] = [exact.model(0), exact.model(1)]
    this.#replays = replays
    this.#nodes = this.#compare(before, after)
  }

  /** Throws `NotConfirmed` when the ordinary engine gives both versions the same answer. */
  example(what: 'raised' | 'lowered' | 'differs'): Example | undefined {
    const person = this.#exact.person(this.#nodes[what])
    if (person === undefined) return undefined
    const values = this.#replays.map(
      (replay) => replay.score(this.#name, person, this.#exact.now).value,
    )
    const [old, next] = values.map(plainLevel)
    if (old === next) throw new NotConfirmed(differenceScored(this.#name, old ?? ''))
    return exampleOf(person, this.#exact.now, values)
  }

  #compare(before: PackModel, after: PackModel) {
    const [old, next] = [before, after].map(({ pack }) => pack.axes.get(this.#name))
    if (old?.kind === 'levels' && next?.kind === 'levels') {
      if (old.type.members.join() !== next.type.members.join())
        throw new NotConfirmed(openOn(this.#name, 'otherLevels'))
      return this.#ordered(before.reached(old), after.reached(next))
    }
    if (old?.kind === 'methods' && next?.kind === 'methods')
      return this.#methods(before, after, old, next)
    if (old?.kind === 'answer' && next?.kind === 'answer') return this.#answers(before, after)
    throw new NotConfirmed(openOn(this.#name, 'otherKind'))
  }

  #ordered(old: readonly Node[], next: readonly Node[]) {
    const { diagrams } = this.#exact
    const more = (one: readonly Node[], other: readonly Node[]) =>
      diagrams.any(one.map((node, i) => diagrams.without(node, other[i] ?? NEVER)))
    return { raised: more(next, old), lowered: more(old, next), differs: NEVER }
  }

  #methods(before: PackModel, after: PackModel, old: MethodAxis, next: MethodAxis) {
    const ids = [...new Set([...old.type.members, ...next.type.members])]
    const held = (model: PackModel, axis: MethodAxis) => {
      const nodes = model.methods(axis)
      return ids.map((id) => nodes[axis.type.members.indexOf(id)] ?? NEVER)
    }
    return this.#ordered(held(before, old), held(after, next))
  }

  /** Answers have no order: two versions agree where they say the same. */
  #answers(before: PackModel, after: PackModel) {
    const { diagrams } = this.#exact
    const [old, next] = [before, after].map((model) => this.#byAnswer(model))
    const keys = new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])
    const differs = [...keys].map((key) => {
      const [a, b] = [old?.get(key) ?? NEVER, next?.get(key) ?? NEVER]
      return diagrams.or(diagrams.without(a, b), diagrams.without(b, a))
    })
    return { raised: NEVER, lowered: NEVER, differs: diagrams.any(differs) }
  }

  #byAnswer(model: PackModel): Map<string, Node> {
    const { diagrams } = this.#exact
    const axis = model.pack.axes.get(this.#name)
    const found = new Map<string, Node>()
    const note = (answer: Answer, node: Node) => {
      const key = answerKey(answer)
      found.set(key, diagrams.or(found.get(key) ?? NEVER, node))
    }
    let before: Node = NEVER
    for (const { rule, node, first } of model.answered(this.#name)) {
      const { set } = model.pack.answers.find(({ id }) => id === rule.id) ?? {}
      if (set !== undefined) note(set, first)
      before = diagrams.or(before, node)
    }
    if (axis?.kind === 'answer') note(axis.otherwise, diagrams.not(before))
    return found
  }
}

/** Equal answers have equal keys. */
function answerKey(answer: Answer): string {
  return canonicalJson(JSON.parse(JSON.stringify(answer)) as Json) // plain data of a checked pack
}

export interface Implication {
  readonly holds: boolean | 'open'
  readonly reason: Text | undefined
  /** Somebody who has the one and not the other. */
  readonly example: Example | undefined
}

/** One side of a comparison between frameworks: at least this level of this axis. */
export interface LevelOf {
  readonly pack: Pack
  readonly axis: string
  readonly level: string
}

/** Has everybody who reaches `premise` also `conclusion`? */
export function implies(
  premise: LevelOf,
  conclusion: LevelOf,
  schema: Facts,
  now: Seconds,
): Implication {
  try {
    for (const instant of everyInstantOf([premise.pack, conclusion.pack], now)) {
      const exact = new ExactModel([premise, conclusion].map(focused), schema, instant)
      const [has, lacks] = [premise, conclusion].map((side, i) => reaches(exact.model(i), side))
      const person = exact.person(exact.diagrams.without(has ?? NEVER, lacks ?? NEVER))
      if (person === undefined) continue
      const values = [premise, conclusion].map(
        (side) => new Replay(side.pack).score(side.axis, person, instant).value,
      )
      return { holds: false, reason: undefined, example: exampleOf(person, instant, values) }
    }
    return { holds: true, reason: undefined, example: undefined }
  } catch (error) {
    if (!(error instanceof OpenQuestion)) throw error
    return { holds: 'open', reason: error.reason, example: undefined }
  }
}

/** Only the rules of the method that is asked about. */
function focused({ pack, axis: name, level }: LevelOf) {
  const axis = pack.axes.get(name)
  return { pack: axis?.kind === 'methods' ? focusOn(pack, axis, level) : pack, axis: name }
}

function reaches(model: PackModel, { axis: name, level }: LevelOf): Node {
  const axis: Axis | undefined = model.pack.axes.get(name)
  if (axis === undefined || axis.kind === 'answer') throw new TypeError(`no levels on ${name}`)
  const nodes =
    axis.kind === 'levels' ? model.reached(axis satisfies LevelAxis) : model.methods(axis)
  const node = nodes[axis.type.members.indexOf(level)]
  if (node === undefined) throw new TypeError(`no level ${level} of ${name}`)
  return node
}
