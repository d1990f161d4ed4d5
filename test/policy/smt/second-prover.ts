import { rulesOn } from '../../../services/policy/analysis/axis-model.ts'
import { everyInstantOf, instantsOf } from '../../../services/policy/analysis/exact.ts'
import { FactsShape } from '../../../services/policy/analysis/facts-shape.ts'
import type { Seconds } from '../../../services/policy/language/dates.ts'
import type { Ir } from '../../../services/policy/language/ir.ts'
import type { Axis, Pack } from '../../../services/policy/language/pack.ts'
import type { Facts } from '../../../services/policy/language/judged-facts.ts'
import { PackTerms } from './axis-terms.ts'
import { BoundedPerson, type Cell, type Fact, type Scope } from './bounded-person.ts'
import { personOf } from './person-of-model.ts'
import { FALSE, member, Terms, type Term } from './terms.ts'
import { TurnedPerson } from './turned-facts.ts'
import type { Z3Prover } from './z3.ts'

/** Somebody of whom a question holds, and when. */
export interface Witness {
  readonly facts: Facts
  /** The same without the entries that come later. */
  readonly early: Facts
  readonly at: Seconds
}

/** Witnesses by question; what is not among them holds of nobody. */
export type Witnesses = ReadonlyMap<string, Witness>

interface Asked {
  readonly prover: Z3Prover
  /** facts.schema.json. */
  readonly schema: Facts
  readonly now: Seconds
}

const before = ({ present, added }: Scope, terms: Terms): Term =>
  terms.all([present, terms.not(added)])
const after = ({ present }: Scope): Term => present

/** What the longest slots of the shipped packs need; one more check, so that each of the pieces can get another. */
const LENGTHS = { checks: 4, others: 3 }

/**
 * Asks Z3 what the exact analysis answers by its own method. Both read checked conditions and nothing else of each other: people here
 * are bounded lists of variables, there they are classes of list elements.
 */
export class SecondProver {
  readonly #asked: Asked

  constructor(asked: Asked) {
    this.#asked = asked
  }

  /**
   * Who has each level or method of an axis (`value …`), of whom each of its rules holds (`rule …`), and on whom its lack makes a
   * difference (`effect …`).
   */
  axis(pack: Pack, name: string): Promise<Witnesses> {
    const axis = axisOf(pack, name)
    return this.#ask(instantsOf([pack], this.#asked.now), (person, now) => {
      const terms = new PackTerms({ pack, person, now, present: after })
      const questions = [
        ...valuesOf(terms, axis),
        ...rulesOn(pack, name).flatMap((rule): readonly Question[] => [
          [`rule ${rule.id}`, terms.rule(rule)],
          [`effect ${rule.id}`, terms.differs(name, rule)],
        ]),
      ]
      return { questions }
    })
  }

  /** Whom another version gives more, and whom less. */
  versions(old: Pack, next: Pack, name: string): Promise<Witnesses> {
    return this.#ask(everyInstantOf([old, next], this.#asked.now), (person, now) => {
      const [ours, theirs] = [old, next].map(
        (pack) => new PackTerms({ pack, person, now, present: after }),
      )
      if (ours === undefined || theirs === undefined) return { questions: [] }
      const questions: readonly Question[] = [
        ['raised', theirs.exceeds(ours, name)],
        ['lowered', ours.exceeds(theirs, name)],
      ]
      return { questions }
    })
  }

  /** Whom an entry more takes something, vetoes and caps apart: `fault`; `step` where the pack's exceptions are none. */
  entries(pack: Pack, name: string): Promise<Witnesses> {
    const excepted = new Set(
      pack.invariants.flatMap((invariant) =>
        invariant.kind === 'monotone' && invariant.axis === name ? invariant.except : [],
      ),
    )
    const isExcepted = (ir: Ir) => excepted.has(pack.sources.fieldOf(ir) ?? '')
    return this.#ask(instantsOf([pack], this.#asked.now), (person, now) => {
      const present = (entry: Scope) => before(entry, person.terms)
      const later = new PackTerms({ pack, person, now, present: after })
      const settled = { holds: isExcepted, by: later.conditions }
      const questions: readonly Question[] = [
        ['fault', later.takes(new PackTerms({ pack, person, now, present, settled }), name)],
        ['step', later.takes(new PackTerms({ pack, person, now, present }), name)],
      ]
      return { questions }
    })
  }

  /**
   * Whom a single fact that turns gives more (`more …`) and whom it gives less (`less …`): flags and outcomes from no to yes, levels
   * and numbers upwards.
   */
  facts(pack: Pack, name: string): Promise<Witnesses> {
    return this.#ask(instantsOf([pack], this.#asked.now), (person, now) => {
      const turned = new TurnedPerson(person)
      const before = new PackTerms({ pack, person, now, present: after })
      const then = new PackTerms({
        pack,
        person,
        now,
        present: after,
        fact: (scope, path, type) => turned.fact(scope, path, type),
      })
      const [more, less] = [then.exceeds(before, name), before.exceeds(then, name)]
      turned.close()
      const questions = turned.turned.flatMap(({ name: fact, term }): readonly Question[] => [
        [`more ${fact}`, person.terms.all([term, more])],
        [`less ${fact}`, person.terms.all([term, less])],
      ])
      return { questions, cellOf: (scope, fact) => turned.cellOf(scope, fact) }
    })
  }

  async #ask(
    instants: readonly Seconds[],
    questionsAbout: (person: BoundedPerson, now: Seconds) => Inquiry,
  ): Promise<Witnesses> {
    const found = new Map<string, Witness>()
    for (const at of instants) {
      const terms = new Terms()
      const person = new BoundedPerson(terms, new FactsShape(this.#asked.schema), LENGTHS)
      const { questions, cellOf } = questionsAbout(person, at)
      const open = questions.filter(([name, term]) => !found.has(name) && term !== FALSE)
      for (const [name, term] of open) terms.question(name, term)
      const problem = this.#asked.prover.problem(terms)
      for (const [name] of open) {
        const model = await problem.ask(name)
        if (model === undefined) continue
        found.set(name, {
          facts: personOf(person, model, cellOf === undefined ? {} : { cellOf }),
          early: personOf(person, model, { early: cellOf === undefined }),
          at,
        })
      }
      problem.close()
    }
    return found
  }
}

type Question = readonly [name: string, holds: Term]

interface Inquiry {
  readonly questions: readonly Question[]
  /** Facts of the person of whom it holds, where those before it are others. */
  readonly cellOf?: (scope: Scope, fact: Fact) => Cell
}

function axisOf(pack: Pack, name: string): Exclude<Axis, { kind: 'answer' }> {
  const axis = pack.axes.get(name)
  if (axis === undefined || axis.kind === 'answer') throw new TypeError(`no levels on ${name}`)
  return axis
}

function valuesOf(terms: PackTerms, axis: Exclude<Axis, { kind: 'answer' }>): readonly Question[] {
  if (axis.kind === 'methods') {
    const methods = terms.methods(axis.name)
    return axis.type.members.map((name, i) => [`value ${name}`, methods[i] ?? FALSE])
  }
  const level = terms.level(axis.name)
  return axis.type.members.map((name, i) => [
    `value ${name}`,
    terms.terms.compare('==', level, member(i + 1)),
  ])
}
