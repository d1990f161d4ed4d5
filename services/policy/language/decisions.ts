import type { Ir } from './ir.ts'
import { F, not, T, U } from './kleene.ts'
import type { Pack, Rule } from './pack.ts'
import { placeOfSpan, textOfSpan, type SourceMap, type Span } from './source-map.ts'
import type { Place } from './diagnostic.ts'
import type { TraceNode } from './trace-values.ts'

/**
 * A condition that is not made of others, as it stands in a document. Calls of a definition count as one condition where they
 * stand, and the definition is a decision of its own; so are the body of `exists` and each line of `slots`.
 */
export interface Condition {
  /** The same for every use of a definition. */
  readonly key: string
  readonly place: Place
  readonly text: string
  /** Whether the facts can leave it without an answer at all. */
  readonly canBeUnknown: boolean
}

/** A rule, a definition or a body, with the conditions that decide it. */
export interface Decision {
  readonly key: string
  readonly conditions: readonly Condition[]
}

/** How a decision came out once: its conditions under `and`, `or`, `not` and the like. */
export type DecisionOutcome =
  | { readonly kind: 'condition'; readonly key: string; readonly truth: number }
  | { readonly kind: 'constant'; readonly truth: number }
  | {
      readonly kind: 'made'
      readonly op: 'and' | 'or' | 'not' | 'conditional' | 'at-least'
      readonly count: number
      readonly parts: readonly DecisionOutcome[]
    }

/** Every decision of a pack, in the order of its rules. */
export function decisionsOf(pack: Pack): readonly Decision[] {
  const decisions = new Map<string, Map<string, Condition>>()
  for (const rule of rulesOf(pack)) {
    const walk = new DecisionWalk<Ir>(pack.sources, (ir) => ir, subConditions)
    for (const { key, tree } of walk.decisions(rule.condition, rule.id)) {
      const known = decisions.get(key) ?? new Map<string, Condition>()
      for (const [id, { node, span }] of conditionsIn(tree))
        known.set(id, conditionOf(id, node, span))
      decisions.set(key, known)
    }
  }
  return [...decisions].map(([key, conditions]) => ({ key, conditions: [...conditions.values()] }))
}

/** Keys of the conditions that each rule is made of, definitions and bodies included. */
export function conditionKeys(pack: Pack): ReadonlyMap<string, readonly string[]> {
  const walk = new DecisionWalk<Ir>(pack.sources, (ir) => ir, subConditions)
  return new Map(
    rulesOf(pack).map((rule) => {
      const decisions = walk.decisions(rule.condition, rule.id)
      return [rule.id, decisions.flatMap(({ tree }) => conditionsIn(tree).map(([key]) => key))]
    }),
  )
}

/** Every decision that one evaluation of a rule made, with how it came out. */
export function outcomesOf(
  sources: SourceMap,
  rule: Rule,
  node: TraceNode,
): readonly { readonly key: string; readonly outcome: DecisionOutcome }[] {
  const walk = new DecisionWalk<TraceNode>(
    sources,
    ({ ir }) => ir,
    ({ parts }) => parts,
  )
  return walk.decisions(node, rule.id).map(({ key, tree }) => ({ key, outcome: outcomeOf(tree) }))
}

/** Value of a decision, were the given condition another. */
export function evaluate(outcome: DecisionOutcome, flipped?: DecisionOutcome): number {
  if (outcome.kind !== 'made') return outcome === flipped ? not(outcome.truth) : outcome.truth
  const parts = outcome.parts.map((part) => evaluate(part, flipped))
  switch (outcome.op) {
    case 'and':
      return parts.reduce((a, b) => a & b, T)
    case 'or':
      return parts.reduce((a, b) => a | b, F)
    case 'not':
      return not(parts[0] ?? F)
    case 'at-least': {
      const certain = parts.filter((truth) => truth === T).length
      const possible = parts.filter((truth) => truth !== F).length
      return certain >= outcome.count ? T : possible >= outcome.count ? U : F
    }
    case 'conditional': {
      const [test = F, then = F, otherwise = F] = parts
      if (test === U) return then === otherwise ? then : U
      return test === T ? then : otherwise
    }
  }
}

/** Conditions of one outcome, each as often as it stands there. */
export function conditionOutcomes(
  outcome: DecisionOutcome,
): readonly (DecisionOutcome & { readonly kind: 'condition' })[] {
  if (outcome.kind === 'condition') return [outcome]
  return outcome.kind === 'made' ? outcome.parts.flatMap(conditionOutcomes) : []
}

export function rulesOf(pack: Pack): readonly Rule[] {
  return [...pack.grants, ...pack.vetoes, ...pack.caps, ...pack.notes, ...pack.answers]
}

type Tree<N> =
  | { readonly kind: 'condition'; readonly key: string; readonly node: N; readonly span: Span }
  | { readonly kind: 'constant'; readonly node: N }
  | { readonly kind: 'made'; readonly node: N; readonly ir: Ir; readonly parts: readonly Tree<N>[] }

/** Cuts conditions into decisions: the same for a pack as it was read and for one evaluation of it. */
class DecisionWalk<N> {
  readonly #sources: SourceMap
  readonly #irOf: (node: N) => Ir
  readonly #partsOf: (node: N) => readonly N[]
  #found: { key: string; tree: Tree<N> }[] = []

  constructor(sources: SourceMap, irOf: (node: N) => Ir, partsOf: (node: N) => readonly N[]) {
    this.#sources = sources
    this.#irOf = irOf
    this.#partsOf = partsOf
  }

  decisions(root: N, rule: string): readonly { readonly key: string; readonly tree: Tree<N> }[] {
    this.#found = []
    const tree = this.#tree(root)
    return [{ key: `rule ${rule}`, tree }, ...this.#found]
  }

  /** `level` counts from the innermost span: 0 is where the condition itself was written. */
  #tree(node: N, level = this.#spans(node).length - 1): Tree<N> {
    const span = this.#spans(node)[level]
    const ir = this.#irOf(node)
    if (level > 0 && span !== undefined) {
      this.#decision(node, level - 1)
      return { kind: 'condition', key: keyOfSpan(span), node, span }
    }
    if (isMade(ir)) {
      return { kind: 'made', node, ir, parts: this.#partsOf(node).map((part) => this.#tree(part)) }
    }
    const inside = span === undefined ? undefined : `inside ${keyOfSpan(span)}`
    for (const part of this.#partsOf(node))
      this.#decision(part, this.#spans(part).length - 1, inside)
    if (span === undefined || ir.op === 'truth') return { kind: 'constant', node }
    return { kind: 'condition', key: keyOfSpan(span), node, span }
  }

  /** `unnamed` is its key where nobody wrote it as one condition. */
  #decision(node: N, level: number, unnamed?: string): void {
    const tree = this.#tree(node, level)
    const span = this.#spans(node)[level]
    const key = span === undefined ? unnamed : keyOfSpan(span)
    if (key !== undefined && tree.kind !== 'constant') this.#found.push({ key, tree })
  }

  #spans(node: N): readonly Span[] {
    return this.#sources.of(this.#irOf(node))
  }
}

function isMade(ir: Ir): boolean {
  return ['and', 'or', 'not', 'conditional', 'at-least'].includes(ir.op)
}

/** The same for a span wherever its condition is used. */
export function keyOfSpan(span: Span): string {
  const known = keys.get(span)
  if (known !== undefined) return known
  const { file, line, column } = placeOfSpan(span)
  const key = `${file}:${line}:${column} ${textOfSpan(span)}`
  keys.set(span, key)
  return key
}

/** Coverage asks for the same few hundred spans with each of many thousand questions. */
const keys = new WeakMap<Span, string>()

function conditionsIn(
  tree: Tree<Ir>,
): readonly (readonly [string, { readonly node: Ir; readonly span: Span }])[] {
  if (tree.kind === 'condition') return [[tree.key, tree]]
  return tree.kind === 'made' ? tree.parts.flatMap(conditionsIn) : []
}

function conditionOf(key: string, node: Ir, span: Span): Condition {
  const [place, text] = [placeOfSpan(span), textOfSpan(span)]
  return { key, place, text, canBeUnknown: canBeUnknown(node) }
}

function outcomeOf(tree: Tree<TraceNode>): DecisionOutcome {
  const { truth } = tree.node
  if (tree.kind === 'condition') return { kind: 'condition', key: tree.key, truth }
  if (tree.kind === 'constant') return { kind: 'constant', truth }
  const { ir } = tree
  return {
    kind: 'made',
    op: ir.op as (DecisionOutcome & { kind: 'made' })['op'], // isMade
    count: ir.op === 'at-least' ? ir.count : 0,
    parts: tree.parts.map(outcomeOf),
  }
}

/** Conditions that a condition or value is made from, in the order in which the tracer evaluates them. */
export function subConditions(ir: Ir): readonly Ir[] {
  return children(ir).flatMap((child) =>
    child.type.kind === 'truth' && child.op !== 'truth' ? [child] : subConditions(child),
  )
}

function children(ir: Ir): readonly Ir[] {
  const parts: Ir[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (isIr(value)) parts.push(value)
    else if (typeof value === 'object' && value !== null && !(value instanceof Map))
      Object.entries(value).forEach(([name, own]) => name !== 'type' && visit(own))
  }
  Object.entries(ir).forEach(([name, own]) => name !== 'type' && visit(own))
  return parts
}

function isIr(value: unknown): value is Ir {
  return typeof value === 'object' && value !== null && 'op' in value
}

/** Only outcomes of checks, revocation and other axes can lack an answer; other facts are there or not. */
function canBeUnknown(ir: Ir): boolean {
  if (ir.op === 'axis') return true
  if (ir.op === 'field' && ir.type.kind === 'truth') return true
  return children(ir).some(canBeUnknown)
}
