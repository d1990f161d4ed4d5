import type { ProgramAxis, ProgramRule } from './program-plan.ts'

export const BITS = 32

export interface OrderedRule {
  readonly rule: ProgramRule
  /** Conditions in JavaScript that have to hold before the rule is looked at. */
  readonly matters: readonly string[]
}

/** Variable that holds the bit of a rule: whether it certainly or possibly fired. */
export function wordOf(index: number, possible: boolean): string {
  return `${possible ? 'g' : 'f'}${Math.floor(index / BITS)}`
}

/**
 * The rules of an axis, each with what has to hold before it can change a bound: a grant while no grant of its level or a higher
 * one has fired, a cap when something above it has. Clocks of other rules would be turns at which nothing changes.
 */
export function rulesThatMatter(
  { kind, rules, grants, caps, minimum }: ProgramAxis,
  kleene: boolean,
): readonly OrderedRule[] {
  if (kind !== 'levels' || minimum !== undefined)
    return rules.map((rule) => ({ rule, matters: [] }))
  const highestFirst = [...grants].sort((a, b) => b.mask - a.mask)
  const granting = highestFirst.map(({ rule, mask }) => {
    const others = highestFirst.filter((other) => other.rule !== rule && other.mask >= mask)
    return { rule, matters: isOfOneAxis(rule) ? noneOf(others.map((other) => other.rule)) : [] }
  })
  const capping = caps.map(({ rule, mask }) => {
    const above = grants.filter((grant) => grant.mask > mask).map((grant) => grant.rule)
    return {
      rule,
      matters: isOfOneAxis(rule) ? [someOf(above, kleene ? [true, false] : [false])] : [],
    }
  })
  const ordered = new Set([...grants, ...caps].map(({ rule }) => rule))
  const others = rules.filter((rule) => !ordered.has(rule)).map((rule) => ({ rule, matters: [] }))
  return [...granting, ...others, ...capping]
}

/** Only what certainly fired spares a look: what possibly did leaves the lower bound to others. */
function noneOf(rules: readonly ProgramRule[]): readonly string[] {
  return [...bitsOf(rules, [false])].map(([word, bits]) => `(${word} & ${bits}) === 0`)
}

/** Whether one of the rules certainly or possibly fired, as `possibles` says: one test of each word. */
export function someOf(rules: readonly ProgramRule[], possibles: readonly boolean[]): string {
  const tests = [...bitsOf(rules, possibles)]
  if (tests.length === 0) return 'false'
  return `(${tests.map(([word, bits]) => `(${word} & ${bits}) !== 0`).join(' || ')})`
}

/** Bits of rules by the word that they stand in. */
function bitsOf(
  rules: readonly ProgramRule[],
  possibles: readonly boolean[],
): ReadonlyMap<string, number> {
  const bits = new Map<string, number>()
  for (const { index } of rules)
    for (const possible of possibles) {
      const word = wordOf(index, possible)
      bits.set(word, (bits.get(word) ?? 0) | (1 << (index % BITS)))
    }
  return bits
}

/** One that has a say on several axes is looked at whenever one of them is. */
function isOfOneAxis({ rule }: ProgramRule): boolean {
  switch (rule.stratum) {
    case 'grant':
      return rule.gives.size === 1
    case 'veto':
      return rule.removes.size === 1
    case 'cap':
      return rule.to.size === 1
    case 'note':
      return false
  }
}
