import type { LevelAxis, MethodAxis, Pack, Rule } from '../../../services/policy/language/pack.ts'
import type { BoundedPerson } from './bounded-person.ts'
import { Conditions, type AxisTerms, type ConditionOptions } from './conditions.ts'
import { amount, FALSE, member, TRUE, type Term, type Terms } from './terms.ts'

/** Rules and axes of a pack as terms over a bounded person. */
export class PackTerms implements AxisTerms {
  readonly pack: Pack
  readonly conditions: Conditions
  readonly #person: BoundedPerson
  readonly terms: Terms
  readonly #now: number
  readonly #rules = new Map<Rule, Term>()
  readonly #levels = new Map<string, Term>()

  constructor(options: Omit<ConditionOptions, 'axes'>) {
    this.pack = options.pack
    this.conditions = new Conditions({ ...options, axes: this })
    this.#person = options.person
    this.terms = options.person.terms
    this.#now = options.now
  }

  /** When a rule holds and is in force: the day of the proofing picks the rules, without one it is now. */
  rule(rule: Rule): Term {
    const known = this.#rules.get(rule)
    if (known !== undefined) return known
    const term = this.terms.all([this.#inForce(rule), this.conditions.truth(rule.condition)])
    this.#rules.set(rule, term)
    return term
  }

  #inForce({ inForce: { from, until } }: Rule): Term {
    if (from === undefined && until === undefined) return TRUE
    const terms = this.terms
    const at = this.#person.fact(this.#person.root, 'proofing.at', { kind: 'timestamp' })
    if (at.kind !== 'amount') throw new TypeError('proofing.at is an instant')
    const instant = terms.choose(at.given, at.value, amount(this.#now), 'Amount')
    return terms.all([
      from === undefined ? TRUE : terms.compare('>=', instant, amount(from)),
      until === undefined ? TRUE : terms.compare('<', instant, amount(until)),
    ])
  }

  /** Position of the level from 1 on; `without` leaves one rule out. */
  level(name: string, without?: Rule): Term {
    const known = this.#levels.get(name)
    if (known !== undefined && without === undefined) return known
    const terms = this.terms
    const axis = this.#levelAxis(name)
    const vetoes = this.pack.vetoes
      .filter((veto) => veto !== without && veto.removes.has(name))
      .map((veto) => this.rule(veto))
    const capped = this.pack.caps
      .filter((cap) => cap !== without && cap.to.has(name))
      .reduce<Term>(
        (level, cap) => {
          const to = positionOf(cap.to.get(name))
          const lowers = terms.all([this.rule(cap), terms.compare('>', level, to)])
          return terms.choose(lowers, to, level, 'Member')
        },
        this.granted(name, without),
      )
    const level = terms.choose(terms.any(vetoes), LOWEST, capped, 'Member')
    if (without === undefined && axis.name === name) this.#levels.set(name, level)
    return level
  }

  /** What grants, or the weakest part, give before vetoes and caps. */
  granted(name: string, without?: Rule): Term {
    const terms = this.terms
    const axis = this.#levelAxis(name)
    if (axis.minimum !== undefined)
      return axis.minimum
        .map((ir) => this.conditions.member(ir))
        .map((part) => terms.choose(terms.compare('==', part, member(0)), LOWEST, part, 'Member'))
        .reduce((a, b) => terms.choose(terms.compare('<=', a, b), a, b, 'Member'))
    return this.pack.grants
      .filter((grant) => grant !== without && grant.gives.has(name))
      .sort((a, b) => (a.gives.get(name) ?? 0) - (b.gives.get(name) ?? 0))
      .reduce<Term>(
        (level, grant) =>
          terms.choose(this.rule(grant), positionOf(grant.gives.get(name)), level, 'Member'),
        LOWEST,
      )
  }

  /** For each method, whether it is in the value. */
  methods(name: string, without?: Rule): readonly Term[] {
    const terms = this.terms
    const axis = this.#methodAxis(name)
    return axis.type.members.map((_, i) => {
      const has = (effect: ReadonlyMap<string, number>) =>
        ((effect.get(name) ?? 0) & (1 << i)) !== 0
      const rules = (all: readonly Rule[]) =>
        all.filter((rule) => rule !== without).map((rule) => this.rule(rule))
      const granted = rules(this.pack.grants.filter(({ gives }) => has(gives)))
      const taken = rules([
        ...this.pack.vetoes.filter(({ removes }) => has(removes)),
        ...this.pack.caps.filter(({ to }) => to.has(name) && !has(to)),
      ])
      return terms.all([terms.any(granted), terms.not(terms.any(taken))])
    })
  }

  /** For each method, whether a grant gives it. */
  grantedMethods(name: string): readonly Term[] {
    return this.#methodAxis(name).type.members.map((_, i) =>
      this.terms.any(
        this.pack.grants
          .filter(({ gives }) => ((gives.get(name) ?? 0) & (1 << i)) !== 0)
          .map((grant) => this.rule(grant)),
      ),
    )
  }

  /** Whether the value is another without one rule. */
  differs(name: string, without: Rule): Term {
    const { terms } = this
    const differ = (a: Term, b: Term) =>
      terms.all([terms.any([a, b]), terms.not(terms.all([a, b]))])
    switch (this.pack.axes.get(name)?.kind) {
      case 'levels':
        return terms.not(terms.compare('==', this.level(name), this.level(name, without)))
      case 'methods': {
        const others = this.methods(name, without)
        return terms.any(this.methods(name).map((own, i) => differ(own, others[i] ?? FALSE)))
      }
      default:
        return FALSE
    }
  }

  /** Whether the value is more than another version gives: a higher level, or some method that it lacks. */
  exceeds(other: PackTerms, name: string): Term {
    const { terms } = this
    if (this.pack.axes.get(name)?.kind === 'levels')
      return terms.compare('>', this.level(name), other.level(name))
    return this.#more(this.methods(name), other.methods(name))
  }

  /** Whether the grants give less than the value was before. */
  takes(before: PackTerms, name: string): Term {
    const { terms } = this
    if (this.pack.axes.get(name)?.kind === 'levels')
      return terms.compare('>', before.level(name), this.granted(name))
    return this.#more(before.methods(name), this.grantedMethods(name))
  }

  #more(ours: readonly Term[], theirs: readonly Term[]): Term {
    const { terms } = this
    return terms.any(ours.map((method, i) => terms.all([method, terms.not(theirs[i] ?? FALSE)])))
  }

  #levelAxis(name: string): LevelAxis {
    const axis = this.pack.axes.get(name)
    if (axis?.kind !== 'levels') throw new TypeError(`no levels on ${name}`)
    return axis
  }

  #methodAxis(name: string): MethodAxis {
    const axis = this.pack.axes.get(name)
    if (axis?.kind !== 'methods') throw new TypeError(`no methods on ${name}`)
    return axis
  }
}

const LOWEST = member(1)

function positionOf(mask: number | undefined): Term {
  return member(32 - Math.clz32(mask ?? 1))
}
