import { bitsOf, compare } from '../language/compare-values.ts'
import { midnightAfterDays, readTime, type Seconds } from '../language/dates.ts'
import type { Ir, SlotsIr } from '../language/ir.ts'
import { T } from '../language/kleene.ts'
import type { Pack } from '../language/pack.ts'
import { ABSENT, maskOf, TRUTH, type Type } from '../language/types.ts'
import { ALWAYS, NEVER, type Diagrams, type Node } from './diagrams.ts'
import { NotCovered, type Atom, type ListGroup, type Scope, type SlotNodes } from './scope.ts'
import type { World } from './world.ts'

/** Which list element each variable of an expression stands for. */
type Env = ReadonlyMap<number, Scope>

/** The possible values of an expression, each with when it has it. */
type Cases<V> = Map<V, Node>

/** A list that a quantifier ranges over, with what its elements must satisfy. */
interface Place {
  readonly group: ListGroup
  readonly conditions: readonly Ir[]
  readonly env: Env
  /** From within a statement about another element of the same list. */
  readonly other: boolean
  /** Elements stand in this list because they belong to elements of that one. */
  readonly through: ListGroup | undefined
}

type Quantifier = Exclude<Extract<Ir, { readonly list: Ir }>, SlotsIr>

const EMPTY: Env = new Map()

/** Lists whose entries may name an element of another list, and the field that does. */
const OWNED_LISTS = new Map([
  ['signals', 'on'],
  ['bindings', 'authenticator'],
])

/** Values of the axes that rules read. */
export interface AxisValues {
  /** When an axis has each level, by its mask. */
  levels(axis: string): Cases<number>
  /** When each method is in the value. */
  methods(axis: string): readonly Node[]
}

/** Conditions of one pack as decision diagrams over a world. Complete facts only: every outcome is known. */
export class Translator {
  readonly #world: World
  readonly #diagrams: Diagrams
  readonly #pack: Pack
  readonly #axes: AxisValues
  readonly #keys = new Map<Ir, Map<string, number>>()
  readonly #numbers: Map<string, number>
  readonly #nodes = new Map<number, Node>()
  readonly #registered = new Set<number>()
  readonly #prepared = new Set<object>()
  readonly #counterexamples = new Map<Ir, Ir>()

  /** `numbers` is shared by the packs of a world. */
  constructor(world: World, pack: Pack, numbers: Map<string, number>, axes: AxisValues) {
    this.#world = world
    this.#diagrams = world.diagrams
    this.#pack = pack
    this.#numbers = numbers
    this.#axes = axes
  }

  /** Notes which checks are asked for piece by piece; all conditions come before the first `register`. */
  prepare(ir: Ir): void {
    const queue: unknown[] = [ir]
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (typeof node !== 'object' || node === null || this.#prepared.has(node)) continue
      this.#prepared.add(node)
      if ('op' in node && node.op === 'field') {
        const { of, name, type } = node as Ir & { readonly op: 'field' } // the only nodes of that name
        if (of.type.kind === 'record' && type.kind === 'list' && of.type.record === 'Evidence')
          this.#world.checksByPiece.add(name)
        if (of.type.kind === 'record' && name === 'on' && of.type.record.startsWith('check '))
          this.#world.checksByPiece.add(of.type.record.slice('check '.length))
      }
      queue.push(...(Object.values(node) as unknown[]))
    }
  }

  /** Notes lists, statements and constants of a condition; all conditions come before the first `condition`. */
  register(ir: Ir): void {
    this.#register(ir, EMPTY)
  }

  condition(ir: Ir): Node {
    return this.#truth(ir, EMPTY)
  }

  /** Values of an enum, as masks. */
  cases(ir: Ir): Cases<number> {
    return this.#mask(ir, EMPTY)
  }

  // Registration

  #register(ir: Ir, env: Env): void {
    const key = this.#key(ir, env)
    if (this.#registered.has(key)) return
    this.#registered.add(key)
    switch (ir.op) {
      case 'all':
        this.#register(this.#counterexample(ir), env)
        return
      case 'exists':
      case 'exists_one':
      case 'count':
      case 'size':
        this.#registerQuantifier(ir, env, ir.op === 'exists' ? 1 : 2)
        return
      case 'slots':
        this.#registerSlots(ir, env)
        return
      case 'compare-number':
        this.#registerNumbers(ir.left, ir.right, env)
        return
      case 'compare-time':
        this.#registerTimes(ir.left, ir.right, env)
        return
      case 'within':
      case 'within-days':
        this.#registerWithin(ir, env)
        return
      case 'text':
        this.#world.texts.add(ir.value)
        return
      case 'level':
        if (ir.type.kind === 'enum')
          for (const member of ir.type.members) this.#world.texts.add(member)
        break
      default:
    }
    for (const part of operands(ir)) this.#register(part, env)
  }

  #registerQuantifier(ir: Quantifier, env: Env, limit: number): void {
    for (const place of this.#places(ir, env)) {
      for (const condition of place.conditions) this.#register(condition, place.env)
      if (place.other) continue
      this.#addAtom(place, atomKey(this.#bodyKey(place)), ir, limit)
    }
  }

  #addAtom(place: Place, key: string, ir: Quantifier, limit: number): void {
    const { group } = place
    const body = () => this.#body(place)
    const counted = ir.op === 'count' || ir.op === 'size' || ir.op === 'exists_one'
    const known = group.atoms.get(key)
    if (known === undefined)
      group.atoms.set(key, counted ? { kind: 'count', body, limit } : { kind: 'exists', body })
    else if (known.kind === 'count') known.limit = Math.max(known.limit, limit)
    else if (known.kind === 'exists' && counted)
      group.atoms.set(key, { kind: 'count', body, limit })
    if (place.through === undefined) return
    if (counted) throw new NotCovered('a count over checks of several pieces of evidence')
    // Seen from the pieces: some piece has such a check.
    place.through.atoms.set(`${group.id} ${key}`, {
      kind: 'exists',
      body: () => this.#world.states(group).atom(key),
    })
  }

  #registerSlots(ir: SlotsIr & { readonly type: Type }, env: Env): void {
    const [place, ...more] = this.#places(ir, env)
    if (place === undefined || more.length > 0 || place.other || place.through !== undefined)
      throw new NotCovered('slots filled from a list that is part of others')
    const parts = [ir.where, ir.every, ir.strongest?.rank, ir.strongest?.where, ...ir.needs.flat()]
    for (const part of [...parts, ...place.conditions])
      if (part !== undefined) this.#register(part, place.env)
    const atom: Atom = { kind: 'slots', slots: () => this.#slotNodes(ir, place) }
    place.group.atoms.set(atomKey(this.#key(ir, env)), atom)
  }

  #registerNumbers(left: Ir, right: Ir, env: Env): void {
    const { numbers } = this.#world
    for (const [one, two] of [
      [left, right],
      [right, left],
    ] as const) {
      if (one.op === 'count' || one.op === 'size') {
        if (two.op !== 'number') throw new NotCovered('a count compared with a fact')
        this.#registerQuantifier(one, env, two.value + 1)
      } else if (two.op === 'number') numbers.note(this.#fieldKey(one, env), two.value)
      else if (one.op !== 'number' && one === left)
        numbers.join(this.#fieldKey(one, env), this.#fieldKey(two, env))
    }
  }

  #registerTimes(left: Ir, right: Ir, env: Env): void {
    if (left.op === 'now' || right.op === 'now') return // every instant is held against now anyway
    const constant = left.op === 'number' ? left : right
    if (constant.op === 'number') {
      const field = this.#fieldKey(constant === left ? right : left, env)
      for (const instant of [constant.value - 1, constant.value])
        this.#world.times.note(field, instant)
      return
    }
    this.#world.times.join(this.#fieldKey(left, env), this.#fieldKey(right, env))
  }

  #registerWithin(ir: Ir & { readonly op: 'within' | 'within-days' }, env: Env): void {
    const { now, times } = this.#world
    const field = this.#fieldKey(ir.time, env)
    if (ir.op === 'within') {
      times.note(field, now - ir.seconds)
      times.note(field, now - ir.seconds - 1)
      return
    }
    let [low, high] = [now - (ir.days + 3) * 86_400, now]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (now < midnightAfterDays(middle, ir.days, ir.zone)) high = middle
      else low = middle
    }
    times.note(field, low)
    times.note(field, high)
  }

  // Lists

  /** The lists behind a quantifier; an element of one of them is an element of it. */
  #places(ir: Quantifier | SlotsIr, env: Env): readonly Place[] {
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
          throw new NotCovered(`${group.id}: three elements are compared`)
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
    if (type === 'status') throw new NotCovered('a rule asks for status checks one by one')
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
    if (owner?.record !== 'Evidence')
      throw new NotCovered(`a list ${type} within ${owner?.record ?? 'a record'}`)
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

  #body({ conditions, env }: Place): Node {
    return this.#diagrams.all(conditions.map((condition) => this.#truth(condition, env)))
  }

  #bodyKey({ conditions, env }: Place): string {
    return conditions
      .map((condition) => this.#key(condition, env))
      .sort((a, b) => a - b)
      .join(' ')
  }

  /** `all` holds where there is none of which its condition does not hold. */
  #counterexample(ir: Quantifier): Ir {
    if (ir.op === 'size') throw new TypeError('a size is no condition')
    const known = this.#counterexamples.get(ir)
    if (known !== undefined) return known
    const body: Ir = { op: 'not', of: ir.body, type: TRUTH }
    const made: Ir = { op: 'not', of: { ...ir, op: 'exists', body }, type: TRUTH }
    this.#counterexamples.set(ir, made)
    return made
  }

  #slotNodes(ir: SlotsIr, place: Place): SlotNodes {
    const { env, group } = place
    const truth = (part: Ir | undefined) => (part === undefined ? ALWAYS : this.#truth(part, env))
    const rank = ir.strongest === undefined ? undefined : this.#mask(ir.strongest.rank, env)
    return {
      allowed: this.#diagrams.all([
        truth(ir.where),
        truth(ir.every),
        ...place.conditions.map(truth),
      ]),
      needs: ir.needs.map((need) => need.map(truth)),
      ranks: [...(rank ?? [])].sort(([a], [b]) => rankOf(a) - rankOf(b)).map(([, node]) => node),
      strongest: ir.strongest === undefined ? undefined : truth(ir.strongest.where),
      keys: this.#slotKeys(ir, group, env),
    }
  }

  /** Documents are told apart by themselves; a second key is a value that two filled slots may not share. */
  #slotKeys(ir: SlotsIr, group: ListGroup, env: Env): readonly Node[] {
    const others = ir.distinct.filter(({ type }) => type.kind !== 'key')
    const [key, ...more] = others
    if (ir.distinct.length === others.length && key !== undefined)
      throw new NotCovered(`${group.id}: slots that differ in their kind only`)
    if (key === undefined) return []
    if (more.length > 0) throw new NotCovered(`${group.id}: slots that differ in several values`)
    return [...this.#mask(key, env)].filter(([value]) => value !== ABSENT).map(([, node]) => node)
  }

  // Conditions

  #truth(ir: Ir, env: Env): Node {
    const key = this.#key(ir, env)
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node = this.#condition(ir, env)
    this.#nodes.set(key, node)
    return node
  }

  #condition(ir: Ir, env: Env): Node {
    const diagrams = this.#diagrams
    switch (ir.op) {
      case 'truth':
        return ir.value === T ? ALWAYS : NEVER
      case 'and':
        return diagrams.and(this.#truth(ir.left, env), this.#truth(ir.right, env))
      case 'or':
        return diagrams.or(this.#truth(ir.left, env), this.#truth(ir.right, env))
      case 'not':
        return diagrams.not(this.#truth(ir.of, env))
      case 'at-least':
        return this.#atLeast(
          ir.count,
          ir.of.map((part) => this.#truth(part, env)),
        )
      case 'holds':
        return this.#when(this.#mask(ir.flag, env), (value) => value === 2)
      case 'one-of':
        if (ir.of.op === 'axis' && this.#pack.axes.get(ir.of.axis)?.kind === 'methods')
          return this.#methodsWithin(this.#axes.methods(ir.of.axis), ir.mask)
        return this.#when(this.#mask(ir.of, env), (value) => (value & ir.mask) !== 0)
      case 'member-of':
        return diagrams.any(
          [...this.#mask(ir.of, env)].map(([value, when]) =>
            value === ABSENT ? NEVER : diagrams.and(when, this.#member(ir.set, value, env)),
          ),
        )
      case 'contains':
        return diagrams.all(bitsOf(ir.mask).map((bit) => this.#member(ir.set, bit, env)))
      case 'compare-enum':
        return this.#pairs(
          this.#mask(ir.left, env),
          this.#mask(ir.right, env),
          (a, b) => a !== ABSENT && b !== ABSENT && compare(ir.cmp, a, b),
        )
      case 'compare-number':
        return this.#pairs(
          this.#number(ir.left, env),
          this.#number(ir.right, env),
          (a, b) => a !== undefined && b !== undefined && compare(ir.cmp, a, b),
        )
      case 'compare-time':
        return this.#pairs(
          this.#time(ir.left, env),
          this.#time(ir.right, env),
          (a, b) => a !== undefined && b !== undefined && compare(ir.cmp, a, b),
        )
      case 'same-key':
        return this.#pairs(
          this.#text(ir.left, env),
          this.#text(ir.right, env),
          (a, b) => a !== undefined && a === b,
        )
      case 'within':
        return this.#when(
          this.#time(ir.time, env),
          (time) => time !== undefined && this.#world.now <= time + ir.seconds,
        )
      case 'within-days':
        return this.#when(
          this.#time(ir.time, env),
          (time) =>
            time !== undefined && this.#world.now < midnightAfterDays(time, ir.days, ir.zone),
        )
      case 'has':
        return this.#has(ir.of, env)
      case 'exists':
        return this.#exists(ir, env, 1)
      case 'all':
        return this.#truth(this.#counterexample(ir), env)
      case 'exists_one':
        return diagrams.without(this.#exists(ir, env, 1), this.#exists(ir, env, 2))
      case 'slots': {
        const [place] = this.#places(ir, env)
        if (place === undefined) throw new TypeError('slots without a list')
        return this.#world.states(place.group).atom(atomKey(this.#key(ir, env)))
      }
      case 'conditional':
        return diagrams.choose(
          this.#truth(ir.test, env),
          this.#truth(ir.then, env),
          this.#truth(ir.otherwise, env),
        )
      case 'field':
        return this.#outcome(ir, env)
      default:
        throw new NotCovered(`the condition ${ir.op}`)
    }
  }

  /** Certain only where the axis has some method and none besides those. */
  #methodsWithin(methods: readonly Node[], mask: number): Node {
    const inside = methods.filter((_, i) => (mask & (1 << i)) !== 0)
    const outside = methods.filter((_, i) => (mask & (1 << i)) === 0)
    return this.#diagrams.without(this.#diagrams.any(inside), this.#diagrams.any(outside))
  }

  #atLeast(count: number, nodes: readonly Node[]): Node {
    // reached[n]: at least n of those seen so far
    let reached: Node[] = [ALWAYS, ...Array.from({ length: count }, () => NEVER)]
    for (const node of nodes)
      reached = reached.map((before, n) =>
        n === 0
          ? ALWAYS
          : this.#diagrams.or(before, this.#diagrams.and(reached[n - 1] ?? NEVER, node)),
      )
    return reached[count] ?? NEVER
  }

  #exists(ir: Quantifier, env: Env, count: number): Node {
    return this.#diagrams.any(
      this.#places(ir, env).map((place) => {
        const key = atomKey(this.#bodyKey(place))
        if (place.other) return this.#relation(ir, place, key, count)
        // Nothing that a check of a piece can satisfy: the pieces need not be asked.
        if (place.through !== undefined && this.#body(place) === NEVER) return NEVER
        if (place.through !== undefined)
          return this.#world.states(place.through).atom(`${place.group.id} ${key}`)
        return this.#world.states(place.group).atom(key, count)
      }),
    )
  }

  /** Looked for from an element of the same list: a marker that the list settles for all of its elements at once. */
  #relation(ir: Quantifier, place: Place, key: string, count: number): Node {
    if (count !== 1 || ir.op === 'count' || ir.op === 'size')
      throw new NotCovered(`${place.group.id}: elements counted from one another`)
    const { relations, element } = place.group
    let relation = relations.get(key)
    if (relation === undefined) {
      relation = { variable: this.#world.marker(element.depth), body: this.#body(place) }
      relations.set(key, relation)
    }
    return this.#diagrams.test(relation.variable, (value) => value === 1)
  }

  /** Outcome of a check (`ok`, `passed`, `failed`) or `revoked`. */
  #outcome(ir: Ir & { readonly op: 'field' }, env: Env): Node {
    const { scope, path } = this.#field(ir, env)
    const is = (where: Scope, name: string) =>
      this.#diagrams.test(this.#world.variable(where, name, TRUTH).id, (value) => value === 1)
    switch (path) {
      case 'revoked':
        return is(scope, 'revoked')
      case 'passed':
        return is(scope, 'passed')
      case 'failed':
        return this.#diagrams.not(is(scope, 'passed'))
      case 'ok': {
        const owner = scope.list?.owner
        const passed = is(scope, 'passed')
        return owner?.record === 'Evidence'
          ? this.#diagrams.without(passed, is(owner, 'revoked'))
          : passed
      }
      default:
        throw new NotCovered(`the outcome ${path}`)
    }
  }

  #has(of: Ir, env: Env): Node {
    switch (of.type.kind) {
      case 'enum':
      case 'flag':
        return this.#when(this.#mask(of, env), (value) => value !== ABSENT)
      case 'int':
      case 'age':
        return this.#when(this.#number(of, env), (value) => value !== undefined)
      case 'timestamp':
        return this.#when(this.#time(of, env), (value) => value !== undefined)
      case 'key':
      case 'label':
        return this.#when(this.#text(of, env), (value) => value !== undefined)
      default:
        throw new NotCovered(`has(…) of a ${of.type.kind}`)
    }
  }

  // Values

  #mask(ir: Ir, env: Env): Cases<number> {
    switch (ir.op) {
      case 'mask':
        return new Map([[ir.value, ALWAYS]])
      case 'truth':
        return new Map([[ir.value === T ? 2 : 1, ALWAYS]])
      case 'axis':
        return this.#axes.levels(ir.axis)
      case 'level': {
        const type = ir.type
        return this.#mapCases(this.#text(ir.of, env), (text) =>
          type.kind === 'enum' && text !== undefined ? maskOf(type, text) : ABSENT,
        )
      }
      case 'first':
        return this.#first(
          ir.options.map((option) => this.#mask(option, env)),
          ABSENT,
        )
      case 'table': {
        const table = this.#pack.tables.get(ir.table)
        if (table === undefined) throw new TypeError(`no table ${ir.table}`)
        return this.#mapCases(this.#mask(ir.key, env), (key) =>
          key === ABSENT ? ABSENT : (table.rows.get(key) ?? table.fallback),
        )
      }
      case 'extreme':
        return ir.of
          .map((part) => this.#mask(part, env))
          .reduce((a, b) =>
            this.#combine(a, b, (x, y) =>
              x === ABSENT || y === ABSENT ? ABSENT : Math[ir.which](x, y),
            ),
          )
      case 'conditional': {
        const test = this.#truth(ir.test, env)
        const found: Cases<number> = new Map()
        for (const [value, when] of this.#mask(ir.then, env))
          this.#addCase(found, value, this.#diagrams.and(test, when))
        for (const [value, when] of this.#mask(ir.otherwise, env))
          this.#addCase(found, value, this.#diagrams.without(when, test))
        return found
      }
      case 'field':
        return this.#fact(ir, env, (value) =>
          value === undefined
            ? ABSENT
            : typeof value === 'boolean'
              ? value
                ? 2
                : 1
              : ir.type.kind === 'enum' && typeof value === 'string'
                ? maskOf(ir.type, value)
                : ABSENT,
        )
      default:
        throw new NotCovered(`the value ${ir.op}`)
    }
  }

  #number(ir: Ir, env: Env): Cases<number | undefined> {
    if (ir.op === 'number') return new Map([[ir.value, ALWAYS]])
    if (ir.op === 'count' || ir.op === 'size') return this.#countCases(ir, env)
    return this.#fact(ir, env, (value) => (typeof value === 'number' ? value : undefined))
  }

  #countCases(ir: Quantifier, env: Env): Cases<number> {
    const [place, ...more] = this.#places(ir, env)
    if (place === undefined || more.length > 0) throw new NotCovered('a count over several lists')
    const atom = place.group.atoms.get(atomKey(this.#bodyKey(place)))
    const limit = atom?.kind === 'count' ? atom.limit : 1
    const reached = Array.from({ length: limit + 2 }, (_, n) =>
      n === 0 ? ALWAYS : n > limit ? NEVER : this.#exists(ir, env, n),
    )
    return new Map(
      reached
        .slice(0, -1)
        .map((node, n) => [n, this.#diagrams.without(node, reached[n + 1] ?? NEVER)]),
    )
  }

  #time(ir: Ir, env: Env): Cases<Seconds | undefined> {
    if (ir.op === 'now') return new Map([[this.#world.now, ALWAYS]])
    if (ir.op === 'number') return new Map([[ir.value, ALWAYS]])
    return this.#fact(ir, env, (value) =>
      typeof value === 'string' ? readTime(value, this.#pack.zone) : undefined,
    )
  }

  #text(ir: Ir, env: Env): Cases<string | undefined> {
    if (ir.op === 'text') return new Map([[ir.value, ALWAYS]])
    if (ir.op === 'first')
      return this.#first<string | undefined>(
        ir.options.map((option) => this.#text(option, env)),
        undefined,
      )
    return this.#fact(ir, env, (value) => (typeof value === 'string' ? value : undefined))
  }

  #fact<V>(ir: Ir, env: Env, read: (value: unknown) => V): Cases<V> {
    const { scope, path } = this.#field(ir, env)
    const fixed = this.#fixed(scope, path)
    if (fixed !== undefined) return new Map([[read(fixed.value), ALWAYS]])
    const variable = this.#world.variable(scope, path, ir.type)
    const found: Cases<V> = new Map()
    variable.values.forEach((value, i) => {
      this.#addCase(
        found,
        read(value),
        this.#diagrams.test(variable.id, (at) => at === i),
      )
    })
    return found
  }

  /** The piece that a check is about: its own for the checks of a piece, none for those of the application. */
  #fixed({ list }: Scope, path: string): { readonly value: string | undefined } | undefined {
    if (list?.join?.field === path) return { value: `of ${list.owner.id}` }
    return list?.place[0] === 'checks' && path === 'on' ? { value: undefined } : undefined
  }

  #member(set: Ir, bit: number, env: Env): Node {
    if (set.op !== 'field' || set.type.kind !== 'set')
      throw new NotCovered('a set that is not a fact')
    const { scope, path } = this.#field(set, env)
    const member = set.type.of.members[31 - Math.clz32(bit)] ?? ''
    const variable = this.#world.variable(scope, `${path}#${member}`, set.type)
    return this.#diagrams.test(variable.id, (value) => value === 1)
  }

  #field(ir: Ir, env: Env): { readonly scope: Scope; readonly path: string } {
    const names: string[] = []
    let at = ir
    for (; at.op === 'field'; at = at.of) names.unshift(at.name)
    if (at.op === 'root') return { scope: this.#world.root, path: [at.name, ...names].join('.') }
    const scope = at.op === 'variable' ? env.get(at.slot) : undefined
    if (scope === undefined || names.length === 0) throw new NotCovered(`the fact ${at.op}`)
    return { scope, path: names.join('.') }
  }

  #fieldKey(ir: Ir, env: Env): string {
    const { scope, path } = this.#field(ir, env)
    return this.#world.fieldKey(scope, path)
  }

  // Cases

  #when<V>(cases: Cases<V>, holds: (value: V) => boolean): Node {
    return this.#diagrams.any([...cases].flatMap(([value, when]) => (holds(value) ? [when] : [])))
  }

  #pairs<V>(left: Cases<V>, right: Cases<V>, holds: (a: V, b: V) => boolean): Node {
    return this.#when(this.#combine(left, right, holds), (value) => value)
  }

  #combine<V, W>(left: Cases<V>, right: Cases<V>, value: (a: V, b: V) => W): Cases<W> {
    const found: Cases<W> = new Map()
    for (const [a, first] of left)
      for (const [b, second] of right)
        this.#addCase(found, value(a, b), this.#diagrams.and(first, second))
    return found
  }

  #mapCases<V, W>(cases: Cases<V>, map: (value: V) => W): Cases<W> {
    const found: Cases<W> = new Map()
    for (const [value, when] of cases) this.#addCase(found, map(value), when)
    return found
  }

  #first<V>(options: readonly Cases<V>[], nothing: V): Cases<V> {
    const found: Cases<V> = new Map()
    let open: Node = ALWAYS
    for (const option of options) {
      for (const [value, when] of option)
        if (value !== nothing) this.#addCase(found, value, this.#diagrams.and(open, when))
      open = this.#diagrams.and(open, option.get(nothing) ?? NEVER)
    }
    this.#addCase(found, nothing, open)
    return found
  }

  #addCase<V>(cases: Cases<V>, value: V, when: Node): void {
    if (when !== NEVER) cases.set(value, this.#diagrams.or(cases.get(value) ?? NEVER, when))
  }

  // Keys: equal conditions have equal numbers, whatever their variables are called

  #key(ir: Ir, env: Env): number {
    const here = environmentKey(env)
    const byEnv = this.#keys.get(ir) ?? new Map<string, number>()
    this.#keys.set(ir, byEnv)
    const known = byEnv.get(here)
    if (known !== undefined) return known
    const text = this.#keyText(ir, env)
    const number = this.#numbers.get(text) ?? this.#numbers.size
    this.#numbers.set(text, number)
    byEnv.set(here, number)
    return number
  }

  #keyText(ir: Ir, env: Env): string {
    switch (ir.op) {
      case 'field':
      case 'variable':
      case 'root': {
        if (ir.op === 'field' && ir.type.kind !== 'list') {
          const { scope, path } = this.#field(ir, env)
          return `${ir.op} ${scope.id} ${path}`
        }
        throw new NotCovered(`the fact ${ir.op}`)
      }
      case 'all':
        return `all ${this.#key(this.#counterexample(ir), env)}`
      case 'exists':
      case 'exists_one':
      case 'count':
      case 'size':
        return `${ir.op} ${this.#places(ir, env)
          .map((place) => `${place.group.id}${place.other ? '*' : ''} ${this.#bodyKey(place)}`)
          .join(' + ')}`
      case 'slots':
        return this.#slotsText(ir, env)
      case 'table': {
        const table = this.#pack.tables.get(ir.table)
        return `table ${JSON.stringify([...(table?.rows ?? [])])} ${table?.fallback ?? 0} ${this.#key(ir.key, env)}`
      }
      case 'axis':
        return `axis ${this.#pack.framework} ${this.#pack.version} ${ir.axis}`
      case 'level':
        return `level ${JSON.stringify(ir.type)} ${this.#key(ir.of, env)}`
      default:
        return `${payload(ir)} ${operands(ir)
          .map((part) => this.#key(part, env))
          .join(' ')}`
    }
  }

  #slotsText(ir: SlotsIr & { readonly type: Type }, env: Env): string {
    return this.#places(ir, env)
      .map((place) => {
        const key = (part: Ir | undefined) =>
          part === undefined ? '-' : this.#key(part, place.env)
        const needs = ir.needs.map((need) => need.map(key).join(' ')).join(' / ')
        const rest = [
          ir.where,
          ir.every,
          ir.strongest?.rank,
          ir.strongest?.where,
          ...place.conditions,
          ...ir.distinct,
        ]
        return `slots ${place.group.id} ${needs} ; ${rest.map(key).join(' ')}`
      })
      .join(' + ')
  }
}

function atomKey(key: string | number): string {
  return String(key)
}

function environmentKey(env: Env): string {
  return [...env].map(([slot, { id }]) => `${slot}=${id}`).join()
}

function conjuncts(ir: Ir): readonly Ir[] {
  if (ir.op === 'and') return [...conjuncts(ir.left), ...conjuncts(ir.right)]
  return ir.op === 'truth' && ir.value === T ? [] : [ir]
}

function isFieldOf(ir: Ir, slots: readonly number[]): ir is Ir & { readonly op: 'field' } {
  return ir.op === 'field' && ir.of.op === 'variable' && slots.includes(ir.of.slot)
}

function rootPath(list: Ir): readonly string[] {
  const names: string[] = []
  let at = list
  for (; at.op === 'field'; at = at.of) names.unshift(at.name)
  if (at.op !== 'root') throw new NotCovered(`a list ${at.op}`)
  return [at.name, ...names]
}

function operands(ir: Ir): readonly Ir[] {
  switch (ir.op) {
    case 'and':
    case 'or':
    case 'compare-enum':
    case 'compare-number':
    case 'compare-time':
    case 'same-key':
      return [ir.left, ir.right]
    case 'not':
    case 'one-of':
    case 'has':
    case 'level':
      return [ir.of]
    case 'at-least':
    case 'extreme':
      return ir.of
    case 'holds':
      return [ir.flag]
    case 'member-of':
      return [ir.of, ir.set]
    case 'contains':
      return [ir.set]
    case 'within':
    case 'within-days':
      return [ir.time]
    case 'first':
      return ir.options
    case 'table':
      return [ir.key]
    case 'conditional':
      return [ir.test, ir.then, ir.otherwise]
    default:
      return []
  }
}

/** What an operation says besides its operands. */
function payload(ir: Ir): string {
  const own = Object.entries(ir).filter(
    ([name, value]) =>
      name === 'op' || (name !== 'type' && (typeof value !== 'object' || value === null)),
  )
  return JSON.stringify(own)
}

function rankOf(mask: number): number {
  return mask === ABSENT ? 0 : mask
}
