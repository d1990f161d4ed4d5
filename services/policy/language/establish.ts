import type { Json } from '../../kernel/canonical-json.ts'
import { entriesAt, factAt, isObject, withFact } from './change-facts.ts'
import { compileCondition, type Run } from './closures.ts'
import { compare } from './compare-values.ts'
import { formatTime, type Seconds } from './dates.ts'
import { BEAM, best, costOf, isOurs, mayBeSet, newId, put, type Draft } from './establish-draft.ts'
import type { Ir, SlotsIr } from './ir.ts'
import { F, T, U } from './kleene.ts'
import type { Pack, PackOption } from './pack.ts'
import type { Facts } from './judged-facts.ts'
import { buildSubject, type Item, type Subject } from './subject.ts'
import { bits } from './trace-values.ts'
import { Tracer } from './trace.ts'
import { ABSENT, membersOf, type EnumType } from './types.ts'

export interface Given {
  readonly pack: Pack
  readonly options: ReadonlyMap<string, PackOption>
  readonly now: Seconds
}

/** Which record each variable stands for, by slot. */
type Scope = ReadonlyMap<number, string>

const NO_SCOPE: Scope = new Map()
/** Steps altogether: what is found is proved, what is not found may exist. */
const MAX_STEPS = 1000
const MAX_MEMBERS_TRIED = 3
const MAX_ADDED = 8

/**
 * Looks for facts that make a condition true or false: by setting what is not known, by adding entries, by repeating a login or a
 * proofing another way, and by getting the answer of an outcome that is unknown. Nothing is ever taken away.
 */
export class Establisher {
  readonly #given: Given
  readonly #views = new WeakMap<Draft, View>()
  readonly #compiled = new Map<Ir, Run<number>>()
  #steps = 0

  constructor(given: Given) {
    this.#given = given
  }

  /** Drafts in which the condition is as wanted, those with the fewest changes first. */
  condition(ir: Ir, wanted: boolean, draft: Draft): readonly Draft[] {
    return this.#achieve(ir, wanted, draft, NO_SCOPE)
  }

  /** Drafts in which the value is certainly one of `mask`. */
  value(ir: Ir, mask: number, draft: Draft): readonly Draft[] {
    return this.#member(ir, mask, draft, NO_SCOPE)
  }

  truth(ir: Ir, draft: Draft): number {
    return this.#truth(ir, draft, NO_SCOPE)
  }

  #truth(ir: Ir, draft: Draft, scope: Scope): number {
    const { pack, now } = this.#given
    const run = this.#compiled.get(ir) ?? compileCondition(ir, pack.tables)
    this.#compiled.set(ir, run)
    const { subject, items } = this.#view(draft)
    const variables: Item[] = []
    for (const [slot, path] of scope) variables[slot] = items.get(path) ?? {}
    const axes = new Map<string, number>()
    const { roots } = subject
    return run({ roots, now, measuredAt: now, axes, variables, nextTurn: now })
  }

  #holdsAs(ir: Ir, wanted: boolean, draft: Draft, scope: Scope): boolean {
    return this.#truth(ir, draft, scope) === (wanted ? T : F)
  }

  #view(draft: Draft): View {
    const known = this.#views.get(draft)
    if (known !== undefined) return known
    const { pack, options } = this.#given
    const paths = new Map<Item, string>()
    const { catalogue, zone } = pack
    const subject = buildSubject(draft.facts, { catalogue, zone, options, paths })
    const items = new Map([...paths].map(([item, path]) => [path, item]))
    const view = { subject, paths, items }
    this.#views.set(draft, view)
    return view
  }

  #tracer(draft: Draft, scope: Scope): Tracer {
    const { subject, paths, items } = this.#view(draft)
    const variables: (Item | undefined)[] = []
    for (const [slot, path] of scope) variables[slot] = items.get(path)
    const { pack, now } = this.#given
    const axes = new Map<string, number>()
    const { roots } = subject
    return new Tracer({ pack, roots, paths, now, measuredAt: now, axes, variables })
  }

  #achieve(ir: Ir, wanted: boolean, draft: Draft, scope: Scope): readonly Draft[] {
    this.#steps += 1
    if (this.#steps > MAX_STEPS) return []
    if (this.#holdsAs(ir, wanted, draft, scope)) return [draft]
    const found = this.#ways(ir, wanted, draft, scope)
    // What was established later can reopen what held before: a certificate needs its status.
    const settled = found.flatMap((one) => {
      if (this.#holdsAs(ir, wanted, one, scope)) return [one]
      return this.#ways(ir, wanted, one, scope)
    })
    return best(settled.filter((one) => this.#holdsAs(ir, wanted, one, scope)))
  }

  #ways(ir: Ir, wanted: boolean, draft: Draft, scope: Scope): readonly Draft[] {
    switch (ir.op) {
      case 'and':
      case 'or':
        return (ir.op === 'and') === wanted
          ? this.#each([ir.left, ir.right], wanted, draft, scope)
          : this.#either([ir.left, ir.right], wanted, draft, scope)
      case 'not':
        return this.#achieve(ir.of, !wanted, draft, scope)
      case 'at-least': {
        const needed = wanted ? ir.count : ir.of.length - ir.count + 1
        return choices(ir.of, needed).flatMap((some) => this.#each(some, wanted, draft, scope))
      }
      case 'conditional':
        return [
          ...this.#achieve(ir.test, true, draft, scope).flatMap((one) =>
            this.#achieve(ir.then, wanted, one, scope),
          ),
          ...this.#achieve(ir.test, false, draft, scope).flatMap((one) =>
            this.#achieve(ir.otherwise, wanted, one, scope),
          ),
        ]
      case 'exists':
        return wanted
          ? this.#oneElement(ir.list, ir.slot, ir.body, draft, scope, [])
          : this.#noElement(ir, draft, scope)
      case 'slots':
        return wanted ? this.#slots(ir, draft, scope) : []
      case 'holds':
        return this.#member(ir.flag, wanted ? 2 : 1, draft, scope)
      case 'one-of':
        return this.#member(ir.of, wanted ? ir.mask : ~ir.mask, draft, scope)
      case 'member-of':
      case 'contains':
        return wanted ? this.#contains(ir, draft, scope) : []
      case 'compare-enum':
        return this.#order(ir, wanted, draft, scope)
      case 'compare-number':
        return this.#number(ir, wanted, draft, scope)
      case 'same-key':
        return wanted
          ? this.#sameKey(ir.left, ir.right, draft, scope)
          : [ir.left, ir.right].flatMap((side) => this.#set(side, newId(draft), draft, scope))
      case 'within':
      case 'within-days':
        return wanted ? this.#set(ir.time, formatTime(this.#given.now), draft, scope) : []
      case 'field':
        return this.#outcome(ir, wanted, draft, scope)
      default:
        return []
    }
  }

  #each(parts: readonly Ir[], wanted: boolean, draft: Draft, scope: Scope): readonly Draft[] {
    return parts.reduce<readonly Draft[]>(
      (drafts, part) => best(drafts.flatMap((one) => this.#achieve(part, wanted, one, scope))),
      [draft],
    )
  }

  #either(parts: readonly Ir[], wanted: boolean, draft: Draft, scope: Scope): readonly Draft[] {
    return best(parts.flatMap((part) => this.#achieve(part, wanted, draft, scope)))
  }

  /** Elements of a list that is not filtered, with the filters that were on it. */
  #elements(list: Ir, draft: Draft, scope: Scope) {
    const filters: { slot: number; body: Ir }[] = []
    let base = list
    for (; base.op === 'filter'; base = base.list)
      filters.push({ slot: base.slot, body: base.body })
    const { items } = this.#tracer(draft, scope).list(base)
    const { paths } = this.#view(draft)
    return { base, filters, paths: items.map((item) => paths.get(item) ?? '') }
  }

  /** One element that fits, of those there are or a new one; not one of `others`. */
  #oneElement(
    list: Ir,
    slot: number,
    body: Ir,
    draft: Draft,
    scope: Scope,
    others: readonly string[],
  ): readonly Draft[] {
    const { base, filters, paths } = this.#elements(list, draft, scope)
    const added = this.#add(base, draft, scope)
    const candidates = [
      ...paths.filter((path) => !others.includes(path)).map((path) => ({ path, one: draft })),
      ...(added === undefined ? [] : [added]),
    ]
    return best(
      candidates.flatMap(({ path, one }) => {
        const inner = new Map(scope).set(slot, path)
        for (const filter of filters) inner.set(filter.slot, path)
        return this.#each([...filters.map((filter) => filter.body), body], true, one, inner)
      }),
    )
  }

  #noElement(ir: Ir & { op: Quantified }, draft: Draft, scope: Scope): readonly Draft[] {
    const { filters, paths } = this.#elements(ir.list, draft, scope)
    return paths.reduce<readonly Draft[]>(
      (drafts, path) =>
        best(
          drafts.flatMap((one) => {
            const inner = new Map(scope).set(ir.slot, path)
            for (const filter of filters) inner.set(filter.slot, path)
            const parts = [ir.body, ...filters.map(({ body }) => body)]
            return this.#either(parts, false, one, inner)
          }),
        ),
      [draft],
    )
  }

  /** A new entry of a list, where there may be more of it. */
  #add(list: Ir, draft: Draft, scope: Scope): { path: string; one: Draft } | undefined {
    if (draft.added.length >= MAX_ADDED) return undefined
    const entry = this.#newEntry(list, draft, scope)
    if (entry === undefined) return undefined
    const path = `${entry.list}[${entriesAt(draft.facts, entry.list).length}]`
    const facts = withFact(draft.facts, path, entry.value)
    return { path, one: { ...draft, facts, added: [...draft.added, path] } }
  }

  #newEntry(list: Ir, draft: Draft, scope: Scope): { list: string; value: Facts } | undefined {
    const { checkTypes } = this.#given.pack.catalogue
    if (list.op === 'root') {
      if (!isOurs(list.name)) return undefined
      if (list.name !== 'evidence') return { list: list.name, value: {} }
      return { list: 'evidence', value: { id: newId(draft) } }
    }
    if (list.op !== 'field') return undefined
    const owner = this.#place(list.of, scope)
    if (owner === 'checks') return { list: 'checks', value: { type: list.name } }
    if (owner?.startsWith('evidence[') === true && checkTypes.includes(list.name)) {
      const on = factAt(draft.facts, `${owner}.id`)
      return on === undefined ? undefined : { list: 'checks', value: { type: list.name, on } }
    }
    return owner === undefined || !isOurs(owner)
      ? undefined
      : { list: `${owner}.${list.name}`, value: {} }
  }

  #slots(ir: SlotsIr, draft: Draft, scope: Scope): readonly Draft[] {
    return best(ir.needs.flatMap((need) => this.#filled(ir, need, draft, scope)))
  }

  #filled(ir: SlotsIr, need: readonly Ir[], draft: Draft, scope: Scope): readonly Draft[] {
    const guards = [ir.where, ir.every].filter((part) => part !== undefined)
    let ways: readonly { readonly one: Draft; readonly used: readonly string[] }[] = [
      { one: draft, used: [] },
    ]
    for (const cell of need) {
      ways = ways
        .flatMap(({ one, used }) => this.#piece(ir, [...guards, cell], one, used, scope))
        .sort((a, b) => costOf(a.one) - costOf(b.one))
        .slice(0, BEAM)
    }
    const { strongest } = ir
    if (strongest === undefined) return ways.map(({ one }) => one)
    return ways.flatMap(({ one, used }) =>
      used.flatMap((path) =>
        this.#achieve(strongest.where, true, one, new Map(scope).set(ir.slot, path)),
      ),
    )
  }

  #piece(
    ir: SlotsIr,
    parts: readonly Ir[],
    draft: Draft,
    used: readonly string[],
    scope: Scope,
  ): readonly { readonly one: Draft; readonly used: readonly string[] }[] {
    const { base, paths } = this.#elements(ir.list, draft, scope)
    const added = this.#add(base, draft, scope)
    const candidates = [
      ...paths.filter((path) => !used.includes(path)).map((path) => ({ path, one: draft })),
      ...(added === undefined ? [] : [added]),
    ]
    return candidates.flatMap(({ path, one }) =>
      this.#each(parts, true, one, new Map(scope).set(ir.slot, path)).map((found) => ({
        one: found,
        used: [...used, path],
      })),
    )
  }

  /** A value that is certainly one of `mask`. */
  #member(ir: Ir, mask: number, draft: Draft, scope: Scope): readonly Draft[] {
    if ((this.#tracer(draft, scope).mask(ir) & ~mask) === 0) return [draft]
    switch (ir.op) {
      case 'first':
        // The last option first: a table says more than a bare value.
        return best(
          [...ir.options].reverse().flatMap((option) => this.#member(option, mask, draft, scope)),
        )
      case 'table': {
        const table = this.#given.pack.tables.get(ir.table)
        const keys = [...(table?.rows ?? [])].filter(([, value]) => (value & mask) !== 0)
        return this.#member(
          ir.key,
          keys.reduce((all, [key]) => all | key, 0),
          draft,
          scope,
        )
      }
      case 'conditional':
        return best([
          ...this.#achieve(ir.test, true, draft, scope).flatMap((one) =>
            this.#member(ir.then, mask, one, scope),
          ),
          ...this.#achieve(ir.test, false, draft, scope).flatMap((one) =>
            this.#member(ir.otherwise, mask, one, scope),
          ),
        ])
      case 'extreme':
        return ir.which === 'max'
          ? best(ir.of.flatMap((part) => this.#member(part, mask, draft, scope)))
          : ir.of.reduce<readonly Draft[]>(
              (drafts, part) => best(drafts.flatMap((one) => this.#member(part, mask, one, scope))),
              [draft],
            )
      case 'level':
        return ir.type.kind === 'enum' ? this.#anyOf(ir.of, ir.type, mask, draft, scope) : []
      case 'field':
        if (ir.type.kind === 'flag' && (mask & 3) !== 0)
          return this.#set(ir, (mask & 2) !== 0, draft, scope)
        return ir.type.kind === 'enum' ? this.#anyOf(ir, ir.type, mask, draft, scope) : []
      default:
        return []
    }
  }

  #anyOf(ir: Ir, type: EnumType, mask: number, draft: Draft, scope: Scope): readonly Draft[] {
    return membersOf(type, mask & ~ABSENT)
      .slice(0, MAX_MEMBERS_TRIED)
      .flatMap((member) => this.#set(ir, member, draft, scope))
  }

  #contains(
    ir: Ir & { op: 'member-of' | 'contains' },
    draft: Draft,
    scope: Scope,
  ): readonly Draft[] {
    const { set } = ir
    if (set.op !== 'field' || set.type.kind !== 'set') return []
    const wanted = ir.op === 'contains' ? ir.mask : this.#tracer(draft, scope).mask(ir.of)
    const path = this.#place(set, scope)
    if (path === undefined || (wanted & ABSENT) !== 0) return []
    const own = entriesAt(draft.facts, path)
    const more = membersOf(set.type.of, wanted).filter((member) => !own.includes(member))
    // More of a set is a new fact, and takes nothing away.
    return put(path, [...own, ...more], draft)
  }

  #order(
    ir: Ir & { op: 'compare-enum' },
    wanted: boolean,
    draft: Draft,
    scope: Scope,
  ): readonly Draft[] {
    const tracer = this.#tracer(draft, scope)
    const sides = [
      [ir.left, tracer.mask(ir.right), true],
      [ir.right, tracer.mask(ir.left), false],
    ] as const
    return best(
      sides.flatMap(([side, other, isLeft]) => {
        if (side.type.kind !== 'enum' || (other & ABSENT) !== 0) return []
        const fitting = side.type.members
          .map((_, i) => 1 << i)
          .filter((bit) =>
            bits(other).every(
              (one) => compare(ir.cmp, isLeft ? bit : one, isLeft ? one : bit) === wanted,
            ),
          )
        // The nearest of an order is the least to ask for.
        return this.#member(
          side,
          fitting.reduce((a, b) => a | b, 0),
          draft,
          scope,
        )
      }),
    )
  }

  #number(
    ir: Ir & { op: 'compare-number' },
    wanted: boolean,
    draft: Draft,
    scope: Scope,
  ): readonly Draft[] {
    const { left, right, cmp } = ir
    if (right.op !== 'number') return []
    if (left.op === 'count') {
      if (!wanted || (cmp !== '>=' && cmp !== '>')) return []
      return this.#count(left, cmp === '>' ? right.value + 1 : right.value, draft, scope)
    }
    const candidates = [0, right.value - 1, right.value, right.value + 1]
    const value = (cmp === '<' || cmp === '<=') === wanted ? candidates : candidates.slice(1)
    const fitting = value.find((one) => one >= 0 && compare(cmp, one, right.value) === wanted)
    return fitting === undefined ? [] : this.#set(left, fitting, draft, scope)
  }

  #count(ir: Ir & { op: Quantified }, least: number, draft: Draft, scope: Scope): readonly Draft[] {
    let drafts: readonly Draft[] = [draft]
    for (let i = 0; i < least; i += 1) {
      drafts = best(
        drafts.flatMap((one) => {
          const { paths } = this.#elements(ir.list, one, scope)
          const fit = paths.filter((path) => {
            const inner = new Map(scope).set(ir.slot, path)
            return this.#truth(ir.body, one, inner) === T
          })
          if (fit.length >= least) return [one]
          return this.#oneElement(ir.list, ir.slot, ir.body, one, scope, fit)
        }),
      )
    }
    return drafts
  }

  #sameKey(left: Ir, right: Ir, draft: Draft, scope: Scope): readonly Draft[] {
    const tracer = this.#tracer(draft, scope)
    const [a, b] = [tracer.text(left), tracer.text(right)]
    if (a === undefined && b === undefined) {
      const id = newId(draft)
      return this.#set(left, id, draft, scope).flatMap((one) => this.#set(right, id, one, scope))
    }
    if (b !== undefined && a === undefined) return this.#set(left, b, draft, scope)
    return a !== undefined && b === undefined ? this.#set(right, a, draft, scope) : []
  }

  /** An outcome: passed, or of evidence that nobody revoked. What failed stays failed; what is unknown can get its answer. */
  #outcome(
    ir: Ir & { op: 'field' },
    wanted: boolean,
    draft: Draft,
    scope: Scope,
  ): readonly Draft[] {
    const path = this.#place(ir.of, scope)
    if (path === undefined || ir.type.kind !== 'truth') return []
    if (ir.name === 'revoked') return wanted ? [] : this.#notRevoked(path, draft)
    if ((ir.name === 'failed') === wanted) return []
    const item = this.#view(draft).items.get(path)
    const passed =
      item?.['passed'] === U ? this.#answer(path, draft) : item?.['passed'] === T ? [draft] : []
    if (ir.name !== 'ok') return passed
    const on = factAt(draft.facts, `${path}.on`)
    const piece = entriesAt(draft.facts, 'evidence').findIndex(
      (entry) => isObject(entry) && entry['id'] === on,
    )
    return piece < 0 ? passed : passed.flatMap((one) => this.#notRevoked(`evidence[${piece}]`, one))
  }

  #notRevoked(piece: string, draft: Draft): readonly Draft[] {
    const revoked = this.#view(draft).items.get(piece)?.['revoked']
    if (revoked === F) return [draft]
    if (revoked !== U) return []
    const on = factAt(draft.facts, `${piece}.id`) ?? ''
    const open = this.#view(draft).subject.outcomes.find(
      (outcome) =>
        outcome.type === 'status' && outcome.on === on && outcome.path.startsWith('checks'),
    )
    if (open !== undefined) return this.#answer(open.path.replace(/\.result$/, ''), draft)
    const path = `checks[${entriesAt(draft.facts, 'checks').length}]`
    const facts = withFact(draft.facts, path, {
      type: 'status',
      on,
      method: 'ocsp',
      result: 'good',
    })
    return [{ ...draft, facts, added: [...draft.added, path] }]
  }

  #answer(check: string, draft: Draft): readonly Draft[] {
    const result = factAt(draft.facts, `${check}.type`) === 'status' ? 'good' : 'pass'
    const path = `${check}.result`
    return [{ ...draft, facts: withFact(draft.facts, path, result), set: [...draft.set, path] }]
  }

  /** Where the record or member of an expression stands. */
  #place(ir: Ir, scope: Scope): string | undefined {
    if (ir.op === 'root') return ir.name
    if (ir.op === 'variable') return scope.get(ir.slot)
    if (ir.op !== 'field') return undefined
    const owner = this.#place(ir.of, scope)
    return owner === undefined ? undefined : `${owner}.${ir.name}`
  }

  #set(ir: Ir, value: Json, draft: Draft, scope: Scope): readonly Draft[] {
    if (ir.op === 'first') return this.#set(ir.options[0] ?? ir, value, draft, scope)
    const path = ir.op === 'field' ? this.#place(ir, scope) : undefined
    if (path === undefined || !mayBeSet(path, draft)) return []
    return put(path, value, draft)
  }
}

type Quantified = 'exists' | 'all' | 'exists_one' | 'filter' | 'count'

interface View {
  readonly subject: Subject
  readonly paths: ReadonlyMap<Item, string>
  readonly items: ReadonlyMap<string, Item>
}

function choices<X>(all: readonly X[], size: number): readonly (readonly X[])[] {
  if (size <= 0) return [[]]
  return all
    .flatMap((one, i) => choices(all.slice(i + 1), size - 1).map((rest) => [one, ...rest]))
    .slice(0, BEAM * 2)
}
