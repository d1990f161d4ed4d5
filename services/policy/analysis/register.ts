import { midnightAfterDays } from '../language/dates.ts'
import type { Ir, SlotsIr } from '../language/ir.ts'
import type { Type } from '../language/types.ts'
import { atomKey, type ConditionKeys } from './condition-keys.ts'
import type { Node } from './diagrams.ts'
import { operands } from './ir-parts.ts'
import type { Env, Place, Places, Quantifier } from './places.ts'
import type { Atom, SlotNodes } from './scope.ts'
import type { World } from './world.ts'
import { NotCovered } from './open-question.ts'
import { openAs } from './open-reasons.ts'

const EMPTY: Env = new Map()

/** What the elements of a list are asked; known once everything was registered. */
interface Bodies {
  body(place: Place): Node
  slotNodes(ir: SlotsIr, place: Place): SlotNodes
}

interface RegistrarOptions {
  readonly world: World
  readonly places: Places
  readonly keys: ConditionKeys
  readonly bodies: Bodies
}

/** Tells a world which lists, statements and constants the conditions of a pack are about. */
export class Registrar {
  readonly #world: World
  readonly #places: Places
  readonly #keys: ConditionKeys
  readonly #bodies: Bodies
  readonly #registered = new Set<number>()
  readonly #prepared = new Set<object>()

  constructor({ world, places, keys, bodies }: RegistrarOptions) {
    this.#world = world
    this.#places = places
    this.#keys = keys
    this.#bodies = bodies
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

  #register(ir: Ir, env: Env): void {
    const key = this.#keys.key(ir, env)
    if (this.#registered.has(key)) return
    this.#registered.add(key)
    switch (ir.op) {
      case 'all':
        this.#register(this.#keys.counterexample(ir), env)
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
    for (const place of this.#places.of(ir, env)) {
      for (const condition of place.conditions) this.#register(condition, place.env)
      if (place.other) continue
      this.#addAtom(place, atomKey(this.#keys.bodyKey(place)), ir, limit)
    }
  }

  #addAtom(place: Place, key: string, ir: Quantifier, limit: number): void {
    const { group } = place
    const body = () => this.#bodies.body(place)
    const counted = ir.op === 'count' || ir.op === 'size' || ir.op === 'exists_one'
    const known = group.atoms.get(key)
    if (known === undefined)
      group.atoms.set(key, counted ? { kind: 'count', body, limit } : { kind: 'exists', body })
    else if (known.kind === 'count') known.limit = Math.max(known.limit, limit)
    else if (known.kind === 'exists' && counted)
      group.atoms.set(key, { kind: 'count', body, limit })
    if (place.through === undefined) return
    if (counted) throw new NotCovered(openAs('checksOfSeveralPieces'))
    // Seen from the pieces: some piece has such a check.
    place.through.atoms.set(`${group.id} ${key}`, {
      kind: 'exists',
      body: () => this.#world.states(group).atom(key),
    })
  }

  #registerSlots(ir: SlotsIr & { readonly type: Type }, env: Env): void {
    const [place, ...more] = this.#places.of(ir, env)
    if (place === undefined || more.length > 0 || place.other || place.through !== undefined)
      throw new NotCovered(openAs('slotsOfPartList'))
    const parts = [ir.where, ir.every, ir.strongest?.rank, ir.strongest?.where, ...ir.needs.flat()]
    for (const part of [...parts, ...place.conditions])
      if (part !== undefined) this.#register(part, place.env)
    const atom: Atom = { kind: 'slots', slots: () => this.#bodies.slotNodes(ir, place) }
    place.group.atoms.set(atomKey(this.#keys.key(ir, env)), atom)
  }

  #registerNumbers(left: Ir, right: Ir, env: Env): void {
    const { numbers } = this.#world
    for (const [one, two] of [
      [left, right],
      [right, left],
    ] as const) {
      if (one.op === 'count' || one.op === 'size') {
        if (two.op !== 'number') throw new NotCovered(openAs('countAgainstFact'))
        this.#registerQuantifier(one, env, two.value + 1)
      } else if (two.op === 'number') numbers.note(this.#places.fieldKey(one, env), two.value)
      else if (one.op !== 'number' && one === left)
        numbers.join(this.#places.fieldKey(one, env), this.#places.fieldKey(two, env))
    }
  }

  #registerTimes(left: Ir, right: Ir, env: Env): void {
    if (left.op === 'now' || right.op === 'now') return // every instant is held against now anyway
    const constant = left.op === 'number' ? left : right
    if (constant.op === 'number') {
      const field = this.#places.fieldKey(constant === left ? right : left, env)
      for (const instant of [constant.value - 1, constant.value])
        this.#world.times.note(field, instant)
      return
    }
    this.#world.times.join(this.#places.fieldKey(left, env), this.#places.fieldKey(right, env))
  }

  #registerWithin(ir: Ir & { readonly op: 'within' | 'within-days' }, env: Env): void {
    const { now, times } = this.#world
    const field = this.#places.fieldKey(ir.time, env)
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
}
