import type { Seconds } from '../language/dates.ts'
import type { Pack } from '../language/pack.ts'
import type { Facts } from '../language/judged-facts.ts'
import { PackModel } from './axis-model.ts'
import type { Node } from './diagrams.ts'
import { FactsShape } from './facts-shape.ts'
import { growthOf, personOf, type Growth } from './person.ts'
import type { ListGroup } from './scope.ts'
import { World } from './world.ts'

/** One or two packs over the same people at one instant, about one axis of each. */
export class ExactModel {
  readonly #world: World
  readonly #models: readonly PackModel[]
  readonly #now: Seconds
  #known: { readonly lists: number; readonly node: Node } | undefined

  /** Throws `NotCovered` and `TooLarge`. All packs have one fact catalogue. */
  constructor(
    parts: readonly { readonly pack: Pack; readonly axis: string }[],
    schema: Facts,
    now: Seconds,
  ) {
    const [first] = parts
    if (first === undefined) throw new TypeError('nothing to analyse')
    this.#now = now
    this.#world = new World(first.pack.catalogue, new FactsShape(schema), now)
    const numbers = new Map<string, number>()
    const models = parts.map(({ pack, axis }) => ({
      axis,
      model: new PackModel(this.#world, pack, numbers),
    }))
    for (const { model, axis } of models) model.prepare(axis)
    for (const { model, axis } of models) model.register(axis)
    this.#models = models.map(({ model }) => model)
  }

  get now(): Seconds {
    return this.#now
  }

  get diagrams() {
    return this.#world.diagrams
  }

  model(index: number): PackModel {
    const model = this.#models[index]
    if (model === undefined) throw new TypeError(`no pack ${index}`)
    return model
  }

  /** A person of whom it holds; `undefined` when there is none. */
  person(node: Node): Facts | undefined {
    const possible = this.diagrams.and(node, this.#feasible())
    const assignment = this.diagrams.example(possible)
    return assignment === undefined ? undefined : personOf(this.#world, assignment)
  }

  /** The same with some entries of theirs recorded later. */
  growth(node: Node): Growth | undefined {
    const assignment = this.diagrams.example(this.diagrams.and(node, this.#feasible()))
    return assignment === undefined ? undefined : growthOf(this.#world, assignment)
  }

  possible(node: Node): boolean {
    return this.diagrams.and(node, this.#feasible()) !== 0
  }

  /** The lists of the person with their number of states, for what is recorded at all. */
  get lists(): readonly ListGroup[] {
    return [...this.#world.root.lists.values()].filter(({ states }) => typeof states === 'object')
  }

  /** Lists that were solved since then add what is possible of them. */
  #feasible(): Node {
    const lists = this.lists.length
    if (this.#known?.lists === lists) return this.#known.node
    this.#world.assertSeparate()
    this.#known = { lists, node: this.#world.feasible(this.#world.root) }
    return this.#known.node
  }
}

/** Instants at which a pack is looked at: the one given, and one at which all its dates have passed. */
export function instantsOf(packs: readonly Pack[], now: Seconds): readonly Seconds[] {
  const { from, dates, until } = datesAhead(packs, now)
  const last = Math.max(from, ...dates) + (dates.length > 0 ? 86_400 : 0)
  return [...new Set([from, last])].map((instant) => Math.min(instant, until - 1))
}

/** Those, and every date between them: a rule that holds for a while only is looked at while it does. */
export function everyInstantOf(packs: readonly Pack[], now: Seconds): readonly Seconds[] {
  const { from, dates, until } = datesAhead(packs, now)
  const [, last = from] = instantsOf(packs, now)
  const all = [from, ...dates.filter((date) => date < until), last]
  return [...new Set(all)].sort((a, b) => a - b)
}

function datesAhead(packs: readonly Pack[], now: Seconds) {
  const all = packs.flatMap(({ grants, vetoes, caps, notes, answers }) =>
    [...grants, ...vetoes, ...caps, ...notes, ...answers].flatMap(({ inForce }) =>
      [inForce.from, inForce.until].filter((date) => date !== undefined),
    ),
  )
  const from = Math.max(now, ...packs.map(({ effective }) => effective.from ?? now))
  const until = Math.min(
    ...packs.map(({ effective }) => effective.until ?? Number.POSITIVE_INFINITY),
  )
  return { from, until, dates: all.filter((date) => date > from) }
}
