import {
  compileCondition,
  compileLabel,
  compileMask,
  turnsAt,
  type Env,
  type Run,
} from './closures.ts'
import type { Seconds } from './dates.ts'
import type { Ir, Table } from './ir.ts'
import { F, T, U } from './kleene.ts'
import type {
  Answer,
  AnswerAxis,
  AnswerFields,
  AnswerRule,
  Axis,
  Cap,
  Grant,
  LevelAxis,
  MethodAxis,
  Note,
  Pack,
  Rule,
  Veto,
} from './pack.ts'
import { ABSENT, membersOf, type Type } from './types.ts'

/** Value of an answer axis: fields that were established, nested as declared. */
export interface AnswerValue {
  readonly [field: string]: boolean | string | AnswerValue
}

/** One rule that had a say, and whether that is certain. */
interface FiredRule {
  readonly rule: Rule
  readonly truth: number
}

/**
 * Two bounds of one axis: what may be relied on, and the most it can be once every unknown outcome is known.
 * For levels both are one bit, for methods several, for answers the answers themselves.
 */
export interface AxisBounds {
  readonly axis: Axis
  readonly lower: number | AnswerValue
  readonly upper: number | AnswerValue
  readonly grants: readonly FiredRule[]
  readonly vetoes: readonly FiredRule[]
  readonly caps: readonly (FiredRule & { readonly to: number })[]
}

type Compiled<R extends Rule> = { readonly rule: R; readonly run: Run<number> }

interface CompiledAnswerRule extends Compiled<AnswerRule> {
  readonly value: Run<AnswerValue>
}

/** A pack as functions. Immutable; one serves any number of subjects. */
export class CompiledPack {
  readonly pack: Pack
  readonly #grants: readonly Compiled<Grant>[]
  readonly #vetoes: readonly Compiled<Veto>[]
  readonly #caps: readonly Compiled<Cap>[]
  readonly #notes: readonly Compiled<Note>[]
  readonly #answers: readonly CompiledAnswerRule[]
  readonly #minimums = new Map<string, readonly Run<number>[]>()
  readonly #otherwise = new Map<string, Run<AnswerValue>>()

  constructor(pack: Pack) {
    this.pack = pack
    const { tables } = pack
    const compile = <R extends Rule>(rule: R) => ({
      rule,
      run: compileCondition(rule.condition, tables),
    })
    this.#grants = pack.grants.map(compile)
    this.#vetoes = pack.vetoes.map(compile)
    this.#caps = pack.caps.map(compile)
    this.#notes = pack.notes.map(compile)
    this.#answers = pack.answers.map((rule) => ({
      ...compile(rule),
      value: compileAnswer(rule.set, answerAxis(pack, rule.axis).fields, tables),
    }))
    for (const axis of pack.axes.values()) {
      if (axis.kind === 'levels' && axis.minimum !== undefined) {
        this.#minimums.set(
          axis.name,
          axis.minimum.map((ir) => compileMask(ir, tables)),
        )
      }
      if (axis.kind === 'answer')
        this.#otherwise.set(axis.name, compileAnswer(axis.otherwise, axis.fields, tables))
    }
  }

  /** Bounds of `axis` and of every axis it reads; `verifiedAt` picks the rules in force. */
  evaluate(axis: string, env: Env, verifiedAt: Seconds | undefined): AxisBounds {
    let bounds: AxisBounds | undefined
    for (const name of this.pack.order) {
      const found = this.pack.axes.get(name)
      if (found === undefined || (found.kind === 'answer' && name !== axis)) continue
      const computed = this.#axis(found, env, verifiedAt)
      env.axes.set(name, stillPossible(computed))
      if (name === axis) bounds = computed
    }
    if (bounds === undefined) throw new TypeError(`no axis ${axis}`)
    return bounds
  }

  /** Notes that certainly hold, and whether another may; call it after `evaluate` with the same `env`. */
  notes(
    axis: string,
    env: Env,
    verifiedAt: Seconds | undefined,
  ): { readonly held: readonly Note[]; readonly open: boolean } {
    const fired = this.#fired(
      this.#notes.filter(({ rule }) => rule.axes.includes(axis)),
      env,
      verifiedAt,
    )
    return {
      held: fired.filter(({ truth }) => truth === T).map(({ rule }) => rule),
      open: fired.some(({ truth }) => truth !== T),
    }
  }

  #axis(axis: Axis, env: Env, verifiedAt: Seconds | undefined): AxisBounds {
    switch (axis.kind) {
      case 'levels':
        return this.#levels(axis, env, verifiedAt)
      case 'methods':
        return this.#methods(axis, env, verifiedAt)
      case 'answer':
        return this.#answer(axis, env, verifiedAt)
    }
  }

  #levels(axis: LevelAxis, env: Env, verifiedAt: Seconds | undefined): AxisBounds {
    const { grants, vetoes, caps } = this.#firedOn(axis.name, 1, env, verifiedAt)
    const minimum = this.#minimums.get(axis.name)?.map((run) => run(env))
    const bound = (bit: 1 | 2): number => {
      if (vetoes.some(({ rule, truth }) => lowers(rule.unknown, truth, bit))) return 1
      const granted = grants
        .filter(({ truth }) => (truth & bit) !== 0)
        .map(({ rule }) => rule.gives.get(axis.name) ?? 1)
      const reached =
        minimum === undefined
          ? Math.max(1, ...granted)
          : Math.min(...minimum.map((mask) => weakest(mask, bit)))
      const capped = caps
        .filter(({ rule, truth }) => lowers(rule.unknown, truth, bit))
        .map(({ to }) => to)
      return Math.min(reached, ...capped)
    }
    return { axis, lower: bound(1), upper: bound(2), grants, vetoes, caps }
  }

  #methods(axis: MethodAxis, env: Env, verifiedAt: Seconds | undefined): AxisBounds {
    const { grants, vetoes, caps } = this.#firedOn(axis.name, 0, env, verifiedAt)
    const bound = (bit: 1 | 2): number => {
      let mask = 0
      for (const { rule, truth } of grants)
        if ((truth & bit) !== 0) mask |= rule.gives.get(axis.name) ?? 0
      for (const { rule, truth } of vetoes)
        if (lowers(rule.unknown, truth, bit)) mask &= ~(rule.removes.get(axis.name) ?? 0)
      for (const { rule, truth, to } of caps) if (lowers(rule.unknown, truth, bit)) mask &= to
      return mask
    }
    return { axis, lower: bound(1), upper: bound(2), grants, vetoes, caps }
  }

  /** The first rule that holds answers. One that may hold leaves its answer as the other bound. */
  #answer(axis: AnswerAxis, env: Env, verifiedAt: Seconds | undefined): AxisBounds {
    let possible: AnswerValue | undefined
    for (const { rule, run, value } of this.#answers) {
      if (rule.axis !== axis.name || !this.#inForce(rule, env, verifiedAt)) continue
      const truth = run(env)
      if (truth === F) continue
      const answer = value(env)
      if (truth === T) {
        return {
          axis,
          lower: answer,
          upper: possible ?? answer,
          grants: [{ rule, truth }],
          vetoes: [],
          caps: [],
        }
      }
      possible ??= answer
    }
    const otherwise = this.#otherwise.get(axis.name)?.(env) ?? {}
    return {
      axis,
      lower: otherwise,
      upper: possible ?? otherwise,
      grants: [],
      vetoes: [],
      caps: [],
    }
  }

  /** All rules that have a say about an axis; `lowest` is what a cap leaves that says nothing of it. */
  #firedOn(axis: string, lowest: number, env: Env, verifiedAt: Seconds | undefined) {
    const fired = <R extends Rule>(
      rules: readonly Compiled<R>[],
      concerns: (rule: R) => { has(axis: string): boolean },
    ) =>
      this.#fired(
        rules.filter(({ rule }) => concerns(rule).has(axis)),
        env,
        verifiedAt,
      )
    return {
      grants: fired(this.#grants, ({ gives }) => gives),
      vetoes: fired(this.#vetoes, ({ removes }) => removes),
      caps: fired(this.#caps, ({ to }) => to).map((cap) => ({
        ...cap,
        to: cap.rule.to.get(axis) ?? lowest,
      })),
    }
  }

  #fired<R extends Rule>(
    rules: readonly Compiled<R>[],
    env: Env,
    verifiedAt: Seconds | undefined,
  ): { rule: R; truth: number }[] {
    return rules
      .filter(({ rule }) => this.#inForce(rule, env, verifiedAt))
      .map(({ rule, run }) => ({ rule, truth: run(env) }))
      .filter(({ truth }) => truth !== F)
  }

  #inForce({ inForce }: Rule, env: Env, verifiedAt: Seconds | undefined): boolean {
    const at = verifiedAt ?? env.now
    if (verifiedAt === undefined) {
      if (inForce.from !== undefined) turnsAt(env, inForce.from)
      if (inForce.until !== undefined) turnsAt(env, inForce.until)
    }
    return (inForce.from ?? at) <= at && at < (inForce.until ?? Number.POSITIVE_INFINITY)
  }
}

/** Does a veto or cap count in this bound? An unknown one lowers what may be relied on, and leaves what is possible. */
function lowers(mode: Veto['unknown'], truth: number, bit: 1 | 2): boolean {
  if (truth === U && mode === 'fire') return true
  if (truth === U && mode === 'ignore') return false
  return bit === 1 ? truth !== F : truth === T
}

/** Lowest or highest level of a mask; nothing established is the bottom. */
export function weakest(mask: number, bit: 1 | 2): number {
  if (mask === ABSENT) return 1
  const known = mask & ~ABSENT
  if (bit === 2) return 1 << (31 - Math.clz32(known))
  return (mask & ABSENT) !== 0 ? 1 : known & -known
}

function stillPossible(bounds: AxisBounds): number {
  const { lower, upper } = bounds
  if (typeof lower !== 'number' || typeof upper !== 'number') return ABSENT
  if (bounds.axis.kind === 'methods') return lower | upper
  let mask = 0
  for (let level = lower; level <= upper; level <<= 1) mask |= level
  return mask
}

function answerAxis(pack: Pack, name: string): AnswerAxis {
  const axis = pack.axes.get(name)
  if (axis?.kind !== 'answer') throw new TypeError(`no answer axis ${name}`)
  return axis
}

function compileAnswer(
  answer: Answer,
  fields: AnswerFields,
  tables: ReadonlyMap<string, Table>,
): Run<AnswerValue> {
  const parts = Object.entries(answer).map(([name, part]) => {
    const field = fields[name]
    if (part.kind === 'parts')
      return [name, compileAnswer(part.parts, field as AnswerFields, tables)] as const // nested as declared, checked at reading
    return [name, compileField(part.ir, tables)] as const
  })
  return (env) => {
    const value: Record<string, boolean | string | AnswerValue> = {}
    for (const [name, run] of parts) {
      const found = run(env)
      if (found !== undefined) value[name] = found
    }
    return value
  }
}

function compileField(
  ir: Ir,
  tables: ReadonlyMap<string, Table>,
): Run<boolean | string | undefined> {
  const type: Type = ir.type
  if (type.kind === 'truth') {
    const run = compileCondition(ir, tables)
    return (env) => run(env) === T // an answer promises nothing that is only possible
  }
  if (type.kind === 'label' || type.kind === 'key') return compileLabel(ir, tables)
  if (type.kind !== 'enum') throw new TypeError(`an answer cannot hold ${type.kind}`)
  const run = compileMask(ir, tables)
  return (env) => {
    const members = membersOf(type, run(env))
    return members.length === 1 ? members[0] : undefined
  }
}
