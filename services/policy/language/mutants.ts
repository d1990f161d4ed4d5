import type { Place } from './diagnostic.ts'
import { keyOfSpan, subConditions } from './decisions.ts'
import type { Ir, SlotsIr } from './ir.ts'
import { T } from './kleene.ts'
import type { Axis, Pack, Rule } from './pack.ts'
import { placeOfSpan, textOfSpan } from './source-map.ts'
import { TRUTH } from './types.ts'

/** A pack with one small fault in it, as an author might make it. */
export interface Mutant {
  /** The condition that was changed: key of `decisionsOf`. */
  readonly key: string
  readonly place: Place
  /** The condition as it was written. */
  readonly text: string
  /** What was done to it: `negated`, `limit + 1`, `slot 2 of 2 dropped`. */
  readonly change: string
  /** Makes the pack: mutants are many, and used one after the other. */
  readonly make: () => Pack
}

type Change = readonly [change: string, mutate: (ir: Ir) => Ir]

/**
 * Every fault of the kinds that tests of a pack must notice: a condition negated; a limit shifted by one; a slot dropped, `every` and
 * `strongest` swapped, `distinct` removed. A definition is changed once, for every rule that uses it.
 */
export function mutantsOf(pack: Pack): readonly Mutant[] {
  return [...conditionsByKey(pack)].flatMap(([key, nodes]) => {
    const [sample] = nodes
    const [span] = sample === undefined ? [] : pack.sources.of(sample)
    if (sample === undefined || span === undefined) return []
    return changesTo(sample).map(([change, mutate]) => ({
      key,
      place: placeOfSpan(span),
      text: textOfSpan(span),
      change,
      make: () => withConditions(pack, (ir) => (nodes.has(ir) ? mutate(ir) : undefined)),
    }))
  })
}

function conditionsByKey(pack: Pack): ReadonlyMap<string, ReadonlySet<Ir>> {
  const found = new Map<string, Set<Ir>>()
  const visit = (ir: Ir): void => {
    const [span] = pack.sources.of(ir)
    if (span !== undefined) {
      const key = keyOfSpan(span)
      const nodes = found.get(key) ?? new Set()
      if (nodes.has(ir)) return
      found.set(key, nodes.add(ir))
    }
    for (const part of subConditions(ir)) visit(part)
  }
  for (const rule of rulesIn(pack)) visit(rule.condition)
  return found
}

function rulesIn(pack: Pack): readonly Rule[] {
  return [...pack.grants, ...pack.vetoes, ...pack.caps, ...pack.notes, ...pack.answers]
}

function changesTo(ir: Ir): readonly Change[] {
  switch (ir.op) {
    case 'and':
    case 'or':
    case 'not':
    case 'conditional':
    case 'truth':
      return []
    case 'at-least':
      return limits(ir.count, 1, ir.of.length, (count) => ({ ...ir, count }))
    case 'within':
      return [negated, ...limits(ir.seconds, 0, MANY, (seconds) => ({ ...ir, seconds }))]
    case 'within-days':
      return [negated, ...limits(ir.days, 0, MANY, (days) => ({ ...ir, days }))]
    case 'compare-number':
    case 'compare-time':
      return [negated, ...numberLimits(ir)]
    case 'compare-enum':
      return [negated, ...levelLimits(ir)]
    case 'slots':
      return [negated, ...slotChanges(ir)]
    default:
      return [negated]
  }
}

const MANY = Number.MAX_SAFE_INTEGER

const negated: Change = ['negated', (of) => ({ op: 'not', of, type: TRUTH })]

function limits(
  limit: number,
  least: number,
  most: number,
  make: (limit: number) => Ir,
): readonly Change[] {
  const shifted = [
    ['limit - 1', limit - 1],
    ['limit + 1', limit + 1],
  ] as const
  return shifted
    .filter(([, value]) => value >= least && value <= most)
    .map(([change, value]) => [change, () => make(value)])
}

/** The same fault in every copy of a definition: each copy keeps its own sides. */
function numberLimits(ir: Ir & { op: 'compare-number' | 'compare-time' }): readonly Change[] {
  const side = ir.right.op === 'number' ? 'right' : ir.left.op === 'number' ? 'left' : undefined
  if (side === undefined) return []
  const shift =
    (by: number) =>
    (own: Ir): Ir => {
      if (own.op !== ir.op) return own
      const limit = own[side]
      return limit.op === 'number' ? { ...own, [side]: { ...limit, value: limit.value + by } } : own
    }
  return [
    ['limit - 1', shift(-1)],
    ['limit + 1', shift(1)],
  ]
}

function levelLimits(ir: Ir & { op: 'compare-enum' }): readonly Change[] {
  const { right } = ir
  if (right.op !== 'mask' || right.type.kind !== 'enum') return []
  const top = 1 << (right.type.members.length - 1)
  const shift =
    (value: number) =>
    (own: Ir): Ir =>
      own.op === 'compare-enum' ? { ...own, right: { ...right, value } } : own
  const changes: Change[] = []
  if (right.value > 1) changes.push(['level below', shift(right.value >> 1)])
  if (right.value < top) changes.push(['level above', shift(right.value << 1)])
  return changes
}

function slotChanges(ir: SlotsIr): readonly Change[] {
  const onSlots =
    (change: (slots: SlotsIr) => Partial<SlotsIr>) =>
    (own: Ir): Ir =>
      own.op === 'slots' ? { ...own, ...change(own) } : own
  const changes: Change[] = ir.needs.flatMap((need, n) =>
    need.map((_, i): Change => {
      const where = ir.needs.length === 1 ? '' : ` of alternative ${n + 1}`
      return [
        `slot ${i + 1} of ${need.length}${where} dropped`,
        onSlots(({ needs }) => ({ needs: withoutSlot(needs, n, i) })),
      ]
    }),
  )
  if (ir.distinct.length > 0) changes.push(['distinct removed', onSlots(() => ({ distinct: [] }))])
  if (ir.every !== undefined || ir.strongest !== undefined)
    changes.push(['every and strongest swapped', onSlots(swapped)])
  return changes
}

/** The last slot of an alternative goes with it, the last of all is left to any piece. */
function withoutSlot(needs: SlotsIr['needs'], alternative: number, slot: number): SlotsIr['needs'] {
  const own = needs[alternative] ?? []
  if (own.length > 1) {
    const rest = own.filter((_, i) => i !== slot)
    return needs.map((need, n) => (n === alternative ? rest : need))
  }
  if (needs.length > 1) return needs.filter((_, n) => n !== alternative)
  return [[{ op: 'truth', value: T, type: TRUTH }]]
}

function swapped({ every, strongest }: SlotsIr): Partial<SlotsIr> {
  // Without a rank every piece is as strong as any other.
  const rank: Ir = strongest?.rank ?? { op: 'mask', value: 1, type: EQUAL_RANK }
  return {
    every: strongest?.where,
    strongest: every === undefined ? undefined : { rank, where: every },
  }
}

const EQUAL_RANK = { kind: 'enum', name: 'rank', members: ['equal'], ordered: true } as const

/** A copy of a pack in which `mutate` has replaced conditions, wherever they stand. */
function withConditions(pack: Pack, mutate: (ir: Ir) => Ir | undefined): Pack {
  const done = new Map<Ir, Ir>()
  const rewrite = (ir: Ir): Ir => {
    const known = done.get(ir)
    if (known !== undefined) return known
    const inner = withParts(ir, rewrite)
    // What is replaced keeps its own parts: they may hold the same condition no second time.
    const made = mutate(ir) === undefined ? inner : (mutate(ir) ?? inner)
    done.set(ir, made)
    return made
  }
  const rules = <R extends Rule>(all: readonly R[]): readonly R[] =>
    all.map((rule) => ({ ...rule, condition: rewrite(rule.condition) }))
  const axes = [...pack.axes].map(([name, axis]): [string, Axis] => [
    name,
    axis.kind === 'levels' && axis.minimum !== undefined
      ? { ...axis, minimum: axis.minimum.map(rewrite) }
      : axis,
  ])
  return {
    ...pack,
    axes: new Map(axes),
    grants: rules(pack.grants),
    vetoes: rules(pack.vetoes),
    caps: rules(pack.caps),
    notes: rules(pack.notes),
    answers: rules(pack.answers),
  }
}

/** The same expression of rewritten parts. */
function withParts(ir: Ir, rewrite: (ir: Ir) => Ir): Ir {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      return items.map((own) => visit(own))
    }
    if (typeof value !== 'object' || value === null) return value
    if ('op' in value) return rewrite(value as Ir) // every object with `op` in an expression is one
    const members: readonly (readonly [string, unknown])[] = Object.entries(value)
    return Object.fromEntries(members.map(([name, own]) => [name, visit(own)]))
  }
  const own: readonly (readonly [string, unknown])[] = Object.entries(ir)
  const parts = own.map(([name, part]) => [name, name === 'type' ? part : visit(part)] as const)
  return Object.fromEntries(parts) as Ir // the same members
}
