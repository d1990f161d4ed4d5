import type { Ir, SlotsIr } from '../language/ir.ts'
import { conjuncts, isFieldOf, rootPath } from './ir-parts.ts'
import type { ListGroup, Scope } from './scope.ts'
import type { World } from './world.ts'
import { NotCovered } from './open-question.ts'
import { formOf, listWithin, openAs, openOn } from './open-reasons.ts'

/** Which list element each variable of an expression stands for. */
export type Env = ReadonlyMap<number, Scope>

/** A list that a quantifier ranges over, with what its elements must satisfy. */
export interface Place {
  readonly group: ListGroup
  readonly conditions: readonly Ir[]
  readonly env: Env
  /** From within a statement about another element of the same list. */
  readonly other: boolean
  /** Elements stand in this list because they belong to elements of that one. */
  readonly through: ListGroup | undefined
}

export type Quantifier = Exclude<Extract<Ir, { readonly list: Ir }>, SlotsIr>

/** Lists whose entries may name an element of another list, and the field that does. */
const OWNED_LISTS = new Map([
  ['signals', 'on'],
  ['bindings', 'authenticator'],
])

/** Where the lists and facts of an expression live in a world. */
export class Places {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** The lists behind a quantifier; an element of one of them is an element of it. */
  of(ir: Quantifier | SlotsIr, env: Env): readonly Place[] {
    const slots = 'slot' in ir ? [ir.slot] : []
    const conditions: Ir[] = 'body' in ir ? [ir.body] : []
    let { list } = ir
    while (list.op === 'filter') {
      slots.push(list.slot)
      conditions.unshift(list.body)
      list = list.list
    }
    return this.#lists(list, slots, conditions.flatMap(conjuncts), env).map(
      ({ group, conditions: own, through }) => {
        const scopes = [...env.values()]
        const other = scopes.includes(group.element)
        if (other && scopes.includes(group.other))
          throw new NotCovered(openOn(group.id, 'threeCompared'))
        const scope = other ? group.other : group.element
        return {
          group,
          through,
          other,
          conditions: own,
          env: new Map([...env, ...slots.map((slot) => [slot, scope] as const)]),
        }
      },
    )
  }

  #lists(list: Ir, slots: readonly number[], conditions: readonly Ir[], env: Env) {
    const whole = (group: ListGroup, through?: ListGroup) => ({ group, conditions, through })
    if (list.op === 'field' && list.of.op === 'variable')
      return this.#ownedChecks(list.name, list.of.slot, env).map((group) => whole(group))
    const path = rootPath(list)
    const join = this.#join(path, slots, conditions, env)
    if (join !== undefined)
      return [
        {
          group: join.group,
          conditions: conditions.filter((one) => one !== join.by),
          through: undefined,
        },
      ]
    if (path[0] !== 'checks') return [whole(this.#rootList(path, list))]
    const [, type = ''] = path
    const tied = this.#tiedToEvidence(type)
    const groups = tied ? [] : [whole(this.#rootList(path, list))]
    // A check of a piece that no rule asks for by the piece is as good as one of the application.
    if (!tied && !this.#world.checksByPiece.has(type)) return groups
    const evidence = this.#evidence()
    return [...groups, whole(this.#checksOf(evidence.element, type), evidence)]
  }

  #rootList(path: readonly string[], { type }: Ir): ListGroup {
    if (type.kind !== 'list') throw new TypeError('no list')
    return this.#world.list({
      id: path.join('.'),
      owner: this.#world.root,
      record: type.record,
      place: path,
    })
  }

  #evidence(): ListGroup {
    return this.#world.list({
      id: 'evidence',
      owner: this.#world.root,
      record: 'Evidence',
      place: ['evidence'],
    })
  }

  #checksOf(owner: Scope, type: string): ListGroup {
    if (type === 'status') throw new NotCovered(openAs('statusOneByOne'))
    return this.#world.list({
      id: `${owner.id}.${type}`,
      owner,
      record: `check ${type}`,
      place: ['checks', type],
      join: { field: 'on', owner: 'id' },
    })
  }

  /** The checks of a piece: its own, and matches of the application as a whole. */
  #ownedChecks(type: string, slot: number, env: Env): readonly ListGroup[] {
    const owner = env.get(slot)
    if (owner?.record !== 'Evidence') throw new NotCovered(listWithin(type, owner?.record))
    const own = this.#checksOf(owner, type)
    if (type !== 'match') return [own]
    const general: Ir = {
      op: 'root',
      name: 'checks',
      type: { kind: 'list', record: 'check match' },
    }
    return [own, this.#rootList(['checks', 'match'], general)]
  }

  #tiedToEvidence(type: string): boolean {
    return this.#world.shape.required(this.#world.shape.objectAt(['checks', type])).includes('on')
  }

  /** `s.on == e.id` among the conditions: the list is the part that belongs to `e`. */
  #join(path: readonly string[], slots: readonly number[], conditions: readonly Ir[], env: Env) {
    for (const by of conditions) {
      if (by.op !== 'same-key') continue
      for (const [own, outer] of [
        [by.left, by.right],
        [by.right, by.left],
      ] as const) {
        if (!isFieldOf(own, slots) || outer.op !== 'field' || outer.of.op !== 'variable') continue
        const owner = env.get(outer.of.slot)
        if (owner === undefined || slots.includes(outer.of.slot)) continue
        const [base = '', type = ''] = path
        if (base === 'checks' && own.name === 'on' && outer.name === 'id')
          return { group: this.#checksOf(owner, type), by }
        if (OWNED_LISTS.get(base) !== own.name) continue
        const record = base === 'signals' ? 'Signal' : 'Binding'
        const id = `${owner.id}.${base}`
        return {
          by,
          group: this.#world.list({
            id,
            owner,
            record,
            place: path,
            join: { field: own.name, owner: outer.name },
          }),
        }
      }
    }
    return undefined
  }

  field(ir: Ir, env: Env): { readonly scope: Scope; readonly path: string } {
    const names: string[] = []
    let at = ir
    for (; at.op === 'field'; at = at.of) names.unshift(at.name)
    if (at.op === 'root') return { scope: this.#world.root, path: [at.name, ...names].join('.') }
    const scope = at.op === 'variable' ? env.get(at.slot) : undefined
    if (scope === undefined || names.length === 0) throw new NotCovered(formOf('fact', at.op))
    return { scope, path: names.join('.') }
  }

  fieldKey(ir: Ir, env: Env): string {
    const { scope, path } = this.field(ir, env)
    return this.#world.fieldKey(scope, path)
  }
}
