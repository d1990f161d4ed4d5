import type { Ir } from '../language/ir.ts'
import type { Axis, Grant, Pack } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import type { Score, ScoreValue } from '../language/score-value.ts'
import type { Facts } from '../language/judged-facts.ts'
import type { Seconds } from '../language/dates.ts'
import type { PackModel } from './axis-model.ts'
import { NEVER, type Node } from './diagrams.ts'
import { exampleOf, plainLevel, type Replay } from './example.ts'
import { ExactModel } from './exact.ts'
import type { Focus } from './focus.ts'
import { beforeEntries } from './later-entries.ts'
import { listsThatMayLower } from './polarity.ts'
import type { Growth } from './person.ts'
import type { Finding } from './report.ts'
import { NotConfirmed, OpenQuestion } from './open-question.ts'
import { nothingLost } from './open-reasons.ts'

interface Question {
  readonly focus: Focus
  readonly axis: Axis
  readonly schema: Facts
  readonly now: Seconds
  readonly replay: Replay
}

export interface Monotonicity {
  readonly findings: readonly Finding[]
  readonly open: readonly Text[]
}

/** Grants that are shown for one kind of entry; mostly they fall for one reason. */
const MAX_FAULTS = 4

/**
 * Grants that an entry more could take away: one for each grant and kind of entry, with a person who loses by it. More evidence is
 * every entry of a list that is no failed check and no signal; what vetoes and caps take is theirs to take. The lists that stand
 * under no negation are settled by the form of the conditions, the others are proved.
 */
export function loweringEntries(question: Question): Monotonicity {
  const { focus, axis } = question
  const findings: Finding[] = []
  const open: Text[] = []
  const declared = new Set<string>()
  const faults = new Map<string, number>()
  for (const grant of focus.pack.grants.filter(({ gives }) => gives.has(axis.name))) {
    for (const record of listsThatMayLower([grant.condition])) {
      if (record === 'Signal' || (faults.get(record) ?? 0) === MAX_FAULTS) continue
      const step = new Step(question, grant, record)
      try {
        const fault = step.fault()
        // What the pack declares is shown once for each kind of entry.
        const found = fault ?? (declared.has(record) ? undefined : step.declared())
        if (found?.kind === 'declared-step') declared.add(record)
        if (fault !== undefined) faults.set(record, (faults.get(record) ?? 0) + 1)
        if (found !== undefined) findings.push(found)
      } catch (error) {
        if (!(error instanceof OpenQuestion)) throw error
        open.push(unproved(grant, record, error.reason))
      }
    }
  }
  return { findings, open }
}

function unproved({ id }: Grant, record: string, reason: Text): Text {
  return {
    ja: `${id}：${record}が加わっても失われないことは証明されていません（${reason.ja}）`,
    en: `${id}: that one more ${record} never takes it away was not proved (${reason.en})`,
  }
}

/** One grant and one kind of entry. */
class Step {
  readonly #question: Question
  readonly #grant: Grant
  readonly #record: string

  constructor(question: Question, grant: Grant, record: string) {
    this.#question = question
    this.#grant = grant
    this.#record = record
  }

  /** More evidence takes it away although the pack does not say so. */
  fault(): Finding | undefined {
    const excepted = this.#excepted()
    const growth = this.#taken((ir) => excepted.has(this.#question.focus.pack.sources.fieldOf(ir)))
    return growth === undefined ? undefined : this.#finding(growth, 'non-monotone')
  }

  /** It does by a derived field of which the pack says so. */
  declared(): Finding | undefined {
    if (this.#excepted().size === 0) return undefined
    const growth = this.#taken(() => false)
    return growth === undefined ? undefined : this.#finding(growth, 'declared-step')
  }

  /** Derived fields by which the pack says that more evidence may lower. */
  #excepted(): ReadonlySet<string | undefined> {
    const { axis, focus } = this.#question
    return new Set(
      focus.pack.invariants.flatMap((invariant) =>
        invariant.kind === 'monotone' && invariant.axis === axis.name ? invariant.except : [],
      ),
    )
  }

  /** Somebody from whom an entry more takes what the grant gives, while the `settled` values stay as they are. */
  #taken(settled: (ir: Ir) => boolean): Growth | undefined {
    const { pack } = this.#question.focus
    // The grant by itself is a much smaller question, and mostly the answer.
    const alone = { ...pack, grants: [this.#grant], vetoes: [], caps: [], notes: [] }
    const falls = this.#lost(
      [beforeEntries(alone, this.#record, settled), alone],
      (before) => before.holds,
      (after) => after.holds,
    )
    if (falls === undefined) return undefined
    const others = pack.grants.filter((other) => this.#replaces(other))
    return this.#lost(
      [
        beforeEntries({ ...pack, grants: [this.#grant], notes: [] }, this.#record, settled),
        { ...pack, grants: others, notes: [] },
      ],
      (before) => before.counts,
      (after) => after.given,
    )
  }

  /** Does the other grant give as much of what is looked at? */
  #replaces({ gives }: Grant): boolean {
    const { axis, focus } = this.#question
    const given = gives.get(axis.name) ?? 0
    const bit = 1 << memberOf(axis, focus, this.#grant)
    return axis.kind === 'methods' ? (given & bit) !== 0 : given >= bit
  }

  /** A person of whom `had` held before the entries, and `has` does not with them. */
  #lost(
    packs: readonly [Pack, Pack],
    had: (before: Standing) => Node,
    has: (after: Standing) => Node,
  ): Growth | undefined {
    const { axis, schema, now } = this.#question
    const parts = packs.map((pack) => ({ pack, axis: axis.name }))
    const exact = new ExactModel(parts, schema, now)
    const standing = (i: number) => new Standing(exact, i, this.#question, this.#grant.id)
    return exact.growth(exact.diagrams.without(had(standing(0)), has(standing(1))))
  }

  #finding(growth: Growth, kind: Finding['kind']): Finding {
    const { axis, now } = this.#question
    const { before, after, entry } = this.#step(growth)
    const values = [before, after].map((person) => plainLevel(this.#score(person).value))
    return {
      kind,
      axis: axis.name,
      rule: this.#grant.id,
      level: undefined,
      by: [],
      text: {
        ja: `${entry}が加わると${values[0] ?? ''}から${values[1] ?? ''}に下がります`,
        en: `one more ${entry} lowers ${values[0] ?? ''} to ${values[1] ?? ''}`,
      },
      example: { ...exampleOf(after, now, []), values, before },
    }
  }

  /** The entry that takes something away, as the ordinary engine answers. */
  #step({ stages, entries }: Growth) {
    const scores = stages.map((person) => this.#score(person))
    for (const [i, entry] of entries.entries()) {
      const [first, second] = [scores[i], scores[i + 1]]
      const [before, after] = [stages[i], stages[i + 1]]
      if (first === undefined || second === undefined || before === undefined) continue
      if (after !== undefined && this.#isLost(first, second)) return { before, after, entry }
    }
    throw new NotConfirmed(nothingLost(this.#grant.id, this.#record))
  }

  #score(person: Facts): Score {
    return this.#question.replay.score(this.#question.axis.name, person, this.#question.now)
  }

  #isLost(before: Score, after: Score): boolean {
    const fired = new Set(after.fired.map(({ id }) => id))
    return (
      isLower(this.#question.axis, after.value, before.value) &&
      before.fired.some(({ id }) => id === this.#grant.id) &&
      !fired.has(this.#grant.id)
    )
  }
}

/** How a grant stands in one of the two versions of a pack. */
class Standing {
  readonly #exact: ExactModel
  readonly #model: PackModel
  readonly #question: Question
  readonly #grant: Grant

  constructor(exact: ExactModel, index: number, question: Question, id: string) {
    this.#exact = exact
    this.#model = exact.model(index)
    this.#question = question
    const grant = this.#model.pack.grants.find((one) => one.id === id)
    if (grant === undefined) throw new TypeError(`no grant ${id}`)
    this.#grant = grant
  }

  get holds(): Node {
    return this.#model.rule(this.#grant)
  }

  /** It holds, and no veto and no cap takes what it gives. */
  get counts(): Node {
    const { axis } = this.#question
    const nodes =
      axis.kind === 'levels'
        ? this.#model.reached(axis)
        : axis.kind === 'methods'
          ? this.#model.methods(axis)
          : []
    return this.#exact.diagrams.and(this.holds, nodes[this.#member] ?? NEVER)
  }

  /** Some grant gives as much, whatever is taken from it. */
  get given(): Node {
    return this.#exact.diagrams.any(this.#model.pack.grants.map((one) => this.#model.rule(one)))
  }

  get #member(): number {
    return memberOf(this.#question.axis, this.#question.focus, this.#grant)
  }
}

/** The level that a grant gives, or the method that is looked at. */
function memberOf(axis: Axis, { method }: Focus, { gives }: Grant): number {
  if (axis.kind === 'methods' && method !== undefined && method !== '')
    return axis.type.members.indexOf(method)
  return 31 - Math.clz32(gives.get(axis.name) ?? 1)
}

function isLower(axis: Axis, after: ScoreValue, before: ScoreValue): boolean {
  if (axis.kind === 'levels') {
    const rank = (value: ScoreValue) => axis.type.members.indexOf(plainLevel(value))
    return rank(after) < rank(before)
  }
  const methods = (value: ScoreValue) => (Array.isArray(value) ? (value as readonly string[]) : []) // a list holds methods
  return methods(before).some((method) => !methods(after).includes(method))
}
