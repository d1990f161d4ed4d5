import { bitsOf, compare } from '../language/compare-values.ts'
import { midnightAfterDays, readTime, type Seconds } from '../language/dates.ts'
import type { Ir, SlotsIr } from '../language/ir.ts'
import { T } from '../language/kleene.ts'
import type { Pack } from '../language/pack.ts'
import { ABSENT, maskOf, TRUTH } from '../language/types.ts'
import { CaseTable, type Cases } from './cases.ts'
import { atomKey, ConditionKeys } from './condition-keys.ts'
import { ALWAYS, NEVER, type Diagrams, type Node } from './diagrams.ts'
import { Places, type Env, type Place, type Quantifier } from './places.ts'
import { Registrar } from './register.ts'
import type { ListGroup, Scope, SlotNodes } from './scope.ts'
import type { World } from './world.ts'
import { NotCovered } from './open-question.ts'
import { formOf, hasOf, openAs, openOn } from './open-reasons.ts'

const EMPTY: Env = new Map()

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
  readonly #places: Places
  readonly #keys: ConditionKeys
  readonly #cases: CaseTable
  readonly #nodes = new Map<number, Node>()
  /** All conditions are registered before the first is translated. */
  readonly registrar: Registrar

  /** `numbers` is shared by the packs of a world. */
  constructor(world: World, pack: Pack, numbers: Map<string, number>, axes: AxisValues) {
    this.#world = world
    this.#diagrams = world.diagrams
    this.#pack = pack
    this.#axes = axes
    const places = new Places(world)
    this.#places = places
    this.#keys = new ConditionKeys(pack, places, numbers)
    this.#cases = new CaseTable(world.diagrams)
    this.registrar = new Registrar({ world, places, keys: this.#keys, bodies: this })
  }

  condition(ir: Ir): Node {
    return this.#truth(ir, EMPTY)
  }

  /** Values of an enum, as masks. */
  cases(ir: Ir): Cases<number> {
    return this.#mask(ir, EMPTY)
  }

  /** When an element is one that a quantifier looks for. */
  body({ conditions, env }: Place): Node {
    return this.#diagrams.all(conditions.map((condition) => this.#truth(condition, env)))
  }

  /** What slots ask of an element. */
  slotNodes(ir: SlotsIr, place: Place): SlotNodes {
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
      byDocument: ir.distinct.some(({ type }) => type.kind === 'key'),
      keys: this.#slotKeys(ir, group, env),
    }
  }

  /** Documents are told apart by themselves; a second key is a value that two filled slots may not share. */
  #slotKeys(ir: SlotsIr, group: ListGroup, env: Env): readonly Node[] {
    const others = ir.distinct.filter(({ type }) => type.kind !== 'key')
    const [key, ...more] = others
    if (ir.distinct.length === others.length && key !== undefined)
      throw new NotCovered(openOn(group.id, 'slotsOfOtherKinds'))
    if (key === undefined) return []
    if (more.length > 0) throw new NotCovered(openOn(group.id, 'slotsOfSeveralValues'))
    return [...this.#mask(key, env)].filter(([value]) => value !== ABSENT).map(([, node]) => node)
  }

  #truth(ir: Ir, env: Env): Node {
    const key = this.#keys.key(ir, env)
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
        return this.#cases.when(this.#mask(ir.flag, env), (value) => value === 2)
      case 'one-of':
        if (ir.of.op === 'axis' && this.#pack.axes.get(ir.of.axis)?.kind === 'methods')
          return this.#methodsWithin(this.#axes.methods(ir.of.axis), ir.mask)
        return this.#cases.when(this.#mask(ir.of, env), (value) => (value & ir.mask) !== 0)
      case 'member-of':
        return diagrams.any(
          [...this.#mask(ir.of, env)].map(([value, when]) =>
            value === ABSENT ? NEVER : diagrams.and(when, this.#member(ir.set, value, env)),
          ),
        )
      case 'contains':
        return diagrams.all(bitsOf(ir.mask).map((bit) => this.#member(ir.set, bit, env)))
      case 'compare-enum':
        return this.#cases.pairs(
          this.#mask(ir.left, env),
          this.#mask(ir.right, env),
          (a, b) => a !== ABSENT && b !== ABSENT && compare(ir.cmp, a, b),
        )
      case 'compare-number':
        return this.#cases.pairs(
          this.#number(ir.left, env),
          this.#number(ir.right, env),
          (a, b) => a !== undefined && b !== undefined && compare(ir.cmp, a, b),
        )
      case 'compare-time':
        return this.#cases.pairs(
          this.#time(ir.left, env),
          this.#time(ir.right, env),
          (a, b) => a !== undefined && b !== undefined && compare(ir.cmp, a, b),
        )
      case 'same-key':
        return this.#cases.pairs(
          this.#text(ir.left, env),
          this.#text(ir.right, env),
          (a, b) => a !== undefined && a === b,
        )
      case 'within':
        return this.#cases.when(
          this.#time(ir.time, env),
          (time) => time !== undefined && this.#world.now <= time + ir.seconds,
        )
      case 'within-days':
        return this.#cases.when(
          this.#time(ir.time, env),
          (time) =>
            time !== undefined && this.#world.now < midnightAfterDays(time, ir.days, ir.zone),
        )
      case 'has':
        return this.#has(ir.of, env)
      case 'exists':
        return this.#exists(ir, env, 1)
      case 'all':
        return this.#truth(this.#keys.counterexample(ir), env)
      case 'exists_one':
        return diagrams.without(this.#exists(ir, env, 1), this.#exists(ir, env, 2))
      case 'slots': {
        const [place] = this.#places.of(ir, env)
        if (place === undefined) throw new TypeError('slots without a list')
        return this.#world.states(place.group).atom(atomKey(this.#keys.key(ir, env)))
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
        throw new NotCovered(formOf('condition', ir.op))
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
      this.#places.of(ir, env).map((place) => {
        const key = atomKey(this.#keys.bodyKey(place))
        if (place.other) return this.#relation(ir, place, key, count)
        // Nothing that a check of a piece can satisfy: the pieces need not be asked.
        if (place.through !== undefined && this.body(place) === NEVER) return NEVER
        if (place.through !== undefined)
          return this.#world.states(place.through).atom(`${place.group.id} ${key}`)
        return this.#world.states(place.group).atom(key, count)
      }),
    )
  }

  /** Looked for from an element of the same list: a marker that the list settles for all of its elements at once. */
  #relation(ir: Quantifier, place: Place, key: string, count: number): Node {
    if (count !== 1 || ir.op === 'count' || ir.op === 'size')
      throw new NotCovered(openOn(place.group.id, 'countedFromOneAnother'))
    const { relations, element } = place.group
    let relation = relations.get(key)
    if (relation === undefined) {
      relation = {
        variable: this.#world.marker(element.depth),
        body: this.body(place),
        document: sharedKey(place),
      }
      relations.set(key, relation)
    }
    return this.#diagrams.test(relation.variable, (value) => value === 1)
  }

  /** Outcome of a check (`ok`, `passed`, `failed`) or `revoked`. */
  #outcome(ir: Ir & { readonly op: 'field' }, env: Env): Node {
    const { scope, path } = this.#places.field(ir, env)
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
        throw new NotCovered(formOf('outcome', path))
    }
  }

  #has(of: Ir, env: Env): Node {
    switch (of.type.kind) {
      case 'enum':
      case 'flag':
        return this.#cases.when(this.#mask(of, env), (value) => value !== ABSENT)
      case 'int':
      case 'age':
        return this.#cases.when(this.#number(of, env), (value) => value !== undefined)
      case 'timestamp':
        return this.#cases.when(this.#time(of, env), (value) => value !== undefined)
      case 'key':
      case 'label':
        return this.#cases.when(this.#text(of, env), (value) => value !== undefined)
      default:
        throw new NotCovered(hasOf(of.type.kind))
    }
  }

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
        return this.#cases.map(this.#text(ir.of, env), (text) =>
          type.kind === 'enum' && text !== undefined ? maskOf(type, text) : ABSENT,
        )
      }
      case 'first':
        return this.#cases.first(
          ir.options.map((option) => this.#mask(option, env)),
          ABSENT,
        )
      case 'table': {
        const table = this.#pack.tables.get(ir.table)
        if (table === undefined) throw new TypeError(`no table ${ir.table}`)
        return this.#cases.map(this.#mask(ir.key, env), (key) =>
          key === ABSENT ? ABSENT : (table.rows.get(key) ?? table.fallback),
        )
      }
      case 'extreme':
        return ir.of
          .map((part) => this.#mask(part, env))
          .reduce((a, b) =>
            this.#cases.combine(a, b, (x, y) =>
              x === ABSENT || y === ABSENT ? ABSENT : Math[ir.which](x, y),
            ),
          )
      case 'conditional': {
        const test = this.#truth(ir.test, env)
        const found: Cases<number> = new Map()
        for (const [value, when] of this.#mask(ir.then, env))
          this.#cases.add(found, value, this.#diagrams.and(test, when))
        for (const [value, when] of this.#mask(ir.otherwise, env))
          this.#cases.add(found, value, this.#diagrams.without(when, test))
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
        throw new NotCovered(formOf('value', ir.op))
    }
  }

  #number(ir: Ir, env: Env): Cases<number | undefined> {
    if (ir.op === 'number') return new Map([[ir.value, ALWAYS]])
    if (ir.op === 'count' || ir.op === 'size') return this.#countCases(ir, env)
    return this.#fact(ir, env, (value) => (typeof value === 'number' ? value : undefined))
  }

  #countCases(ir: Quantifier, env: Env): Cases<number> {
    const [place, ...more] = this.#places.of(ir, env)
    if (place === undefined || more.length > 0) throw new NotCovered(openAs('severalLists'))
    const atom = place.group.atoms.get(atomKey(this.#keys.bodyKey(place)))
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
      return this.#cases.first<string | undefined>(
        ir.options.map((option) => this.#text(option, env)),
        undefined,
      )
    return this.#fact(ir, env, (value) => (typeof value === 'string' ? value : undefined))
  }

  #fact<V>(ir: Ir, env: Env, read: (value: unknown) => V): Cases<V> {
    const { scope, path } = this.#places.field(ir, env)
    const fixed = this.#fixed(scope, path)
    if (fixed !== undefined) return new Map([[read(fixed.value), ALWAYS]])
    const variable = this.#world.variable(scope, path, ir.type)
    const found: Cases<V> = new Map()
    variable.values.forEach((value, i) => {
      this.#cases.add(
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
      throw new NotCovered(openAs('setThatIsNoFact'))
    const { scope, path } = this.#places.field(set, env)
    const member = set.type.of.members[31 - Math.clz32(bit)] ?? ''
    const variable = this.#world.variable(scope, `${path}#${member}`, set.type)
    return this.#diagrams.test(variable.id, (value) => value === 1)
  }
}

/** The key that another element has in common with the one that looks for it. */
function sharedKey({ conditions, env, group }: Place): string | undefined {
  const scopeOf = (ir: Ir) =>
    ir.op === 'field' && ir.of.op === 'variable' ? env.get(ir.of.slot) : undefined
  for (const by of conditions) {
    if (by.op !== 'same-key' || by.left.op !== 'field' || by.right.op !== 'field') continue
    const scopes = [scopeOf(by.left), scopeOf(by.right)]
    if (
      by.left.name === by.right.name &&
      scopes.includes(group.element) &&
      scopes.includes(group.other)
    )
      return by.left.name
  }
  return undefined
}

function rankOf(mask: number): number {
  return mask === ABSENT ? 0 : mask
}
