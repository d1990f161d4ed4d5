import type { Json } from '../../kernel/canonical-json.ts'
import type { Facts } from './judged-facts.ts'

/** One thing to establish: a member that is set, or an entry that is added to a list. */
export interface FactChange {
  readonly kind: 'set' | 'add'
  /** `proofing.channel` for a member; the list for an entry: `checks`. */
  readonly path: string
  readonly value: Json
}

/** Value at `evidence[0].kind`; `undefined` where there is none. */
export function factAt(facts: Facts, path: string): Json | undefined {
  let value: Json | undefined = facts
  for (const step of stepsOf(path)) {
    if (typeof step === 'number') value = isList(value) ? value[step] : undefined
    else value = isObject(value) ? value[step] : undefined
  }
  return value
}

/** A copy in which the value at `path` is another; what lies between is made where it is missing. */
export function withFact(facts: Facts, path: string, value: Json): Facts {
  return put(facts, stepsOf(path), value) as Facts // the first step is a name
}

/** Entries of the list at `path`; none where there is no list. */
export function entriesAt(facts: Facts, path: string): readonly Json[] {
  const value = factAt(facts, path)
  return isList(value) ? value : []
}

export function applyChanges(facts: Facts, changes: readonly FactChange[]): Facts {
  return changes.reduce(
    (changed, { kind, path, value }) =>
      withFact(changed, path, kind === 'set' ? value : [...entriesAt(changed, path), value]),
    facts,
  )
}

function put(value: Json | undefined, steps: readonly (string | number)[], last: Json): Json {
  const [step, ...rest] = steps
  if (step === undefined) return last
  if (typeof step === 'number') {
    const list = isList(value) ? [...value] : []
    list[step] = put(list[step], rest, last)
    return list
  }
  const object = isObject(value) ? value : {}
  return { ...object, [step]: put(object[step], rest, last) }
}

function stepsOf(path: string): readonly (string | number)[] {
  return path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isObject(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
