import type { Json } from '../../kernel/canonical-json.ts'
import { isList, isObject } from './change-facts.ts'
import { asked, gapsOf, observe, PackCoverage, rulesOfTrace } from './coverage.ts'
import { T, U } from './kleene.ts'
import type { Pack } from './pack.ts'
import type { Facts } from './judged-facts.ts'
import type { AxisTrace } from './trace-pack.ts'
import type { Type } from './types.ts'

/** A question whose answer shows something; `at` in the words of the case that it came from. */
export interface Seed {
  readonly framework: string
  readonly axis: string
  readonly at: string | undefined
  readonly facts: Facts
}

/** A case near to one that is there, which shows what none of them did. */
export interface NearMiss extends Seed {
  /** What it shows first: the condition, and how it comes out. */
  readonly shows: readonly { readonly text: string; readonly gap: string }[]
}

export interface NearMissSearch {
  readonly pack: Pack
  /** Evaluates a question; `undefined` for facts that are none. */
  readonly trace: (seed: Seed) => readonly AxisTrace[] | undefined
  /** Conditions that a rule is made of, by `decisionsOf`. */
  readonly keysOf: (rule: string) => readonly string[]
  /** Most questions that are tried. */
  readonly limit: number
}

/**
 * Changes the facts of known cases in one place after the other, keeps each change that shows a condition true, false, unknown or
 * deciding for the first time, and goes on from there. In the order of the cases; the same input gives the same cases.
 */
export function* nearMisses(seeds: readonly Seed[], search: NearMissSearch): Generator<NearMiss> {
  const wanted = gapTokens(seeds, search)
  const vocabulary = new Vocabulary(search.pack, seeds)
  const queue: Seed[] = [...seeds]
  const known = new Set<string>()
  let tried = 0
  for (let seed = queue.shift(); seed !== undefined && wanted.size > 0; seed = queue.shift()) {
    const reached = new Set(conditionsOf(seed, search))
    const open = () => [...wanted.values()].some(({ key }) => reached.has(key))
    for (const facts of open() ? vocabulary.neighbours(seed.facts) : []) {
      const question = JSON.stringify([seed.axis, seed.at, facts])
      if (known.has(question)) continue
      known.add(question)
      if (!open()) break
      tried += 1
      if (tried > search.limit) return
      const near = { ...seed, facts }
      const shown = tokensOf(near, search).filter((token) => wanted.has(token))
      if (shown.length === 0) continue
      const shows = shown.flatMap((token) => {
        const gap = wanted.get(token)
        return gap === undefined ? [] : [{ text: gap.text, gap: gap.gap }]
      })
      for (const token of shown) wanted.delete(token)
      const own = smallest(near, shown, search)
      yield { ...own, shows }
      queue.push(own)
    }
  }
}

type Gap = NearMiss['shows'][number] & { readonly key: string }

function gapTokens(seeds: readonly Seed[], search: NearMissSearch): Map<string, Gap> {
  const coverage = new PackCoverage(search.pack)
  for (const seed of seeds) coverage.add(search.trace(seed) ?? [])
  return new Map(
    coverage.conditions.flatMap((condition) => {
      const { key, text } = condition
      // A condition that was never true has not decided as a true one either.
      const gaps = gapsOf(condition).flatMap((gap) =>
        gap === 'never true' || gap === 'never false'
          ? [gap, gap.replace(' ', ' decided ')]
          : [gap],
      )
      return gaps.map((gap): [string, Gap] => [`${key} ${gap}`, { key, text, gap }])
    }),
  )
}

/** Conditions of the rules that a question asks. */
function conditionsOf(seed: Seed, search: NearMissSearch): readonly string[] {
  const rules = asked(search.trace(seed) ?? []).flatMap(rulesOfTrace)
  return rules.flatMap(({ rule }) => search.keysOf(rule.id))
}

function tokensOf(seed: Seed, search: NearMissSearch): readonly string[] {
  const traces = search.trace(seed)
  if (traces === undefined) return []
  // One condition is observed many times in one evaluation: its words are put together once.
  const seen = new Map<string, Set<number>>()
  for (const { key, truth, decided } of observe(search.pack, traces)) {
    const known = seen.get(key) ?? new Set<number>()
    seen.set(key, known.add(truth * 2 + (decided ? 1 : 0)))
  }
  const tokens = new Set<string>()
  for (const [key, outcomes] of seen) {
    for (const outcome of outcomes) {
      const truth = outcome >> 1
      const name = truth === T ? 'true' : truth === U ? 'unknown' : 'false'
      tokens.add(`${key} never ${name}`)
      if (outcome % 2 === 1) tokens.add(`${key} never decided ${name}`)
    }
  }
  return [...tokens]
}

/** Without whatever does not matter to what it shows. */
function smallest(seed: Seed, shown: readonly string[], search: NearMissSearch): Seed {
  let own = seed
  for (let again = true; again;) {
    again = false
    for (const facts of removals(own.facts)) {
      const less = { ...own, facts: facts as Facts } // a removal from an object leaves one
      const tokens = new Set(tokensOf(less, search))
      if (!shown.every((token) => tokens.has(token))) continue
      own = less
      again = true
      break
    }
  }
  return own
}

function removals(value: Json): readonly Json[] {
  if (isList(value)) {
    return value.flatMap((item, i) => [
      value.filter((_, j) => j !== i),
      ...removals(item).map((less) => value.map((own, j) => (j === i ? less : own))),
    ])
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, own]) => [
    without(value, name),
    ...removals(own).map((less) => ({ ...value, [name]: less })),
  ])
}

function without(value: Facts, name: string): Facts {
  return Object.fromEntries(Object.entries(value).filter(([own]) => own !== name))
}

/** What members may be: what the cases say anywhere, and the members of enums. */
class Vocabulary {
  readonly #words = new Map<string, Map<string, Json>>()
  /** Members that an object of that name has anywhere; a check is known by its type. */
  readonly #members = new Map<string, Set<string>>()

  constructor(pack: Pack, seeds: readonly Seed[]) {
    const { records, roots } = pack.catalogue
    for (const record of records.values())
      for (const [name, type] of record) for (const word of wordsOf(type)) this.#add(name, word)
    for (const fields of [roots, ...records.values()]) {
      for (const [name, type] of fields) {
        if (type.kind !== 'record' && type.kind !== 'list') continue
        const own = [...(records.get(type.record) ?? [])].filter(([, { kind }]) => kind !== 'truth')
        this.#belong(
          type.kind === 'list' ? `${name}[]` : name,
          own.map(([field]) => field),
        )
      }
    }
    for (const { facts } of seeds) this.#visit(facts, '')
    for (const result of ['pass', 'fail', 'unknown', 'good', 'revoked']) this.#add('result', result)
  }

  #add(name: string, word: Json): void {
    const words = this.#words.get(name) ?? new Map<string, Json>()
    words.set(JSON.stringify(word), word)
    this.#words.set(name, words)
  }

  #belong(owner: string, members: readonly string[]): void {
    const known = this.#members.get(owner) ?? new Set<string>()
    for (const member of members) known.add(member)
    this.#members.set(owner, known)
  }

  #visit(value: Json, name: string): void {
    if (name !== '') this.#add(name, value)
    if (isList(value)) for (const item of value) this.#visit(item, `${name}[]`)
    else if (isObject(value)) {
      this.#belong(ownerOf(value, name), Object.keys(value))
      for (const [own, part] of Object.entries(value)) this.#visit(part, own)
    }
  }

  /** Facts that differ in one place. */
  *neighbours(facts: Facts): Generator<Facts> {
    for (const near of this.#near(facts, '')) if (isObject(near)) yield near
  }

  *#near(value: Json, name: string): Generator<Json> {
    if (isList(value)) yield* this.#nearList(value, name)
    else if (isObject(value)) yield* this.#nearObject(value, name)
    else if (typeof value === 'number') yield* [value - 1, value + 1]
    else if (typeof value === 'boolean') yield !value
    if (name !== '' && !isObject(value))
      for (const word of this.#words.get(name)?.values() ?? [])
        if (word !== value && typeof word === typeof value) yield word
  }

  *#nearList(list: readonly Json[], name: string): Generator<Json> {
    for (const [i, item] of list.entries()) {
      yield list.filter((_, j) => j !== i)
      for (const near of this.#near(item, `${name}[]`))
        yield list.map((own, j) => (j === i ? near : own))
    }
    for (const word of this.#words.get(`${name}[]`)?.values() ?? []) yield [...list, word]
  }

  *#nearObject(object: Facts, owner: string): Generator<Json> {
    for (const [name, value] of Object.entries(object)) {
      yield without(object, name)
      for (const near of this.#near(value, name)) yield { ...object, [name]: near }
    }
    const members = [...(this.#members.get(ownerOf(object, owner)) ?? []), 'result']
    for (const name of members.filter((member) => !(member in object))) {
      if (name === 'result' && owner !== 'checks[]') continue
      for (const word of this.#words.get(name)?.values() ?? []) yield { ...object, [name]: word }
    }
  }
}

function ownerOf(value: Facts, name: string): string {
  return name === 'checks[]' ? `${name} ${JSON.stringify(value['type'])}` : name
}

function wordsOf(type: Type): readonly Json[] {
  if (type.kind === 'enum') return type.members
  if (type.kind === 'set') return type.of.members.map((member) => [member])
  return type.kind === 'flag' ? [true, false] : []
}
