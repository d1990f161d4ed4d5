import type { Json } from '../../kernel/canonical-json.ts'
import { applyChanges, isObject, type FactChange } from './change-facts.ts'
import { changesOf, type Draft } from './establish-draft.ts'
import { Establisher } from './establish.ts'
import { F, T } from './kleene.ts'
import type { Cap, Grant, LevelAxis, MethodAxis, Veto } from './pack.ts'
import type { Text } from './text.ts'
import type { Scorer, ScoreQuestion } from './score.ts'
import type { RuleReason } from './score-value.ts'
import type { Facts } from './judged-facts.ts'
import { counts, type AxisTrace, type RuleTrace } from './trace-pack.ts'

/** A smallest set of facts that, once established, brings the level: evaluated, not guessed. */
export interface Raise {
  /** Rules that it goes by. */
  readonly rules: readonly RuleReason[]
  /** What they need, in the words of the pack. */
  readonly missing: readonly Text[]
  /** Author-given cost of those rules; the fewer changes of two equal ones stand first. */
  readonly effort: number
  readonly changes: readonly FactChange[]
  /** Other values that are as good, each alone. */
  readonly alternatives: readonly Alternative[]
  /** Facts with the changes made. */
  readonly facts: Facts
}

/** A value that may stand in place of one of `changes`: of a member of what is added, or of what is set (member empty). */
export interface Alternative {
  readonly change: number
  readonly member: string
  readonly value: Json
}

const MAX_RAISES = 5
const MAX_TRIED_PER_RULE = 6
/** Cost of a way that no rule with an effort of its own stands for. */
const EFFORT = 5

/**
 * The least that would raise an axis to `to`: over every grant that gives it, with caps that stand in the way met as well. A veto
 * that holds is never argued away: then there is none. Each set was scored, and loses the level without any one of its parts.
 * Throws `TypeError` for a level that the axis does not have.
 */
export function waysToRaise(scorer: Scorer, question: ScoreQuestion, to: string): readonly Raise[] {
  const axis = scorer.pack.axes.get(question.axis)
  if (axis === undefined || axis.kind === 'answer') return []
  const index = axis.type.members.indexOf(to)
  if (index < 0) throw new TypeError(`no level ${to} of axis ${axis.name}`)
  return new RaiseSearch(scorer, question, axis, 1 << index).find()
}

class RaiseSearch {
  readonly #scorer: Scorer
  readonly #question: ScoreQuestion
  readonly #axis: LevelAxis | MethodAxis
  readonly #target: number

  constructor(
    scorer: Scorer,
    question: ScoreQuestion,
    axis: LevelAxis | MethodAxis,
    target: number,
  ) {
    this.#scorer = scorer
    this.#question = question
    this.#axis = axis
    this.#target = target
  }

  find(): readonly Raise[] {
    const facts = this.#scorer.factsOf(this.#question)
    const trace = this.#trace(facts)
    if (this.#reached(facts) || trace === undefined) return []
    if (trace.vetoes.some(({ rule, node }) => node.truth === T && this.#takesAway(rule))) return []
    const start: Draft = { facts, added: [], set: [] }
    const raises =
      this.#axis.kind === 'levels' && this.#axis.minimum !== undefined
        ? this.#byMinimum(this.#axis.minimum, start)
        : this.#grants().flatMap((rule) => this.#byGrant(rule, start))
    const ranked = [...distinct(raises)].sort(
      (a, b) => a.effort - b.effort || a.changes.length - b.changes.length,
    )
    return withAlternatives(ranked).slice(0, MAX_RAISES)
  }

  #grants(): readonly Grant[] {
    const { name, kind } = this.#axis
    return this.#scorer.pack.grants.filter(({ gives }) => {
      const given = gives.get(name) ?? 0
      return kind === 'levels' ? given >= this.#target : (given & this.#target) !== 0
    })
  }

  #takesAway({ removes }: Veto): boolean {
    return (
      this.#axis.kind === 'levels' || ((removes.get(this.#axis.name) ?? 0) & this.#target) !== 0
    )
  }

  #byGrant(grant: Grant, start: Draft): readonly Raise[] {
    const establisher = this.#establisher()
    const drafts = establisher.condition(grant.condition, true, start)
    return this.#proved(establisher, drafts, [grant])
  }

  #byMinimum(columns: LevelAxis['minimum'] & object, start: Draft): readonly Raise[] {
    const establisher = this.#establisher()
    const enough = -this.#target & ((1 << this.#axis.type.members.length) - 1)
    const drafts = columns.reduce<readonly Draft[]>(
      (found, column) => found.flatMap((one) => establisher.value(column, enough, one)).slice(0, 6),
      [start],
    )
    return this.#proved(establisher, drafts, [])
  }

  #establisher(): Establisher {
    const { pack, options } = this.#scorer
    return new Establisher({ pack, options, now: this.#question.at })
  }

  /** Meets the caps that are left, tries each set, and takes from it whatever it does not need. */
  #proved(
    establisher: Establisher,
    drafts: readonly Draft[],
    grants: readonly Grant[],
  ): readonly Raise[] {
    return drafts.slice(0, MAX_TRIED_PER_RULE).flatMap((draft) => {
      const { met, caps } = this.#unbarred(establisher, draft)
      if (met === undefined || !this.#reached(met.facts)) return []
      const rules: readonly (Grant | Cap | Veto)[] = [...grants, ...caps]
      const changes = renumbered(this.#minimal(changesOf(met)))
      const effort = rules.length === 0 ? EFFORT : rules.reduce((sum, rule) => sum + rule.effort, 0)
      return [
        {
          rules: rules.map(({ id, title, cites }) => ({ id, title, cites })),
          missing: rules.flatMap(({ missing }) => (missing === undefined ? [] : [missing])),
          effort,
          changes,
          alternatives: [],
          facts: applyChanges(this.#scorer.factsOf(this.#question), changes),
        },
      ]
    })
  }

  /** Caps below the target are met, and vetoes that only an unknown outcome leaves open get their answer. */
  #unbarred(establisher: Establisher, draft: Draft) {
    const caps: (Cap | Veto)[] = []
    let met: Draft | undefined = draft
    const bars = (trace: AxisTrace | undefined): readonly RuleTrace<Cap | Veto>[] => [
      ...(trace?.caps.filter((cap) => counts(cap, 'lower') && this.#isBelow(cap.rule)) ?? []),
      ...(trace?.vetoes.filter((veto) => counts(veto, 'lower') && this.#takesAway(veto.rule)) ??
        []),
    ]
    for (const { rule, node } of bars(this.#trace(draft.facts))) {
      if (rule.stratum === 'veto' && node.truth === T) return { met: undefined, caps }
      if (met === undefined || establisher.truth(rule.condition, met) === F) continue
      met = establisher.condition(rule.condition, false, met)[0]
      caps.push(rule)
    }
    return { met, caps }
  }

  #isBelow({ to }: Cap): boolean {
    const bound = to.get(this.#axis.name)
    if (bound === undefined) return false
    return this.#axis.kind === 'levels' ? bound < this.#target : (bound & this.#target) === 0
  }

  #trace(facts: Facts): AxisTrace | undefined {
    return this.#scorer.trace({ ...this.#question, facts }).at(-1)
  }

  #reached(facts: Facts): boolean {
    if (this.#axis.kind === 'methods') {
      const { lower } = this.#trace(facts) ?? {}
      return typeof lower === 'number' && (lower & this.#target) !== 0
    }
    return this.#scorer.least({ ...this.#question, facts }) >= this.#target
  }

  #minimal(changes: readonly FactChange[]): readonly FactChange[] {
    const facts = this.#scorer.factsOf(this.#question)
    const enough = (some: readonly FactChange[]) => this.#reached(applyChanges(facts, some))
    let kept = changes
    for (const change of changes) {
      const without = kept.filter((one) => one !== change)
      if (enough(without)) kept = without
    }
    return kept.map((change, i) => {
      let own = change
      for (const smaller of smallerEntries(change)) {
        const next = smaller(own)
        if (enough(kept.map((one, j) => (j === i ? next : one)))) own = next
      }
      kept = kept.map((one, j) => (j === i ? own : one))
      return own
    })
  }
}

/** Members of an added entry that can be left out, but for those that say what it is. */
function smallerEntries({
  kind,
  value,
}: FactChange): readonly ((change: FactChange) => FactChange)[] {
  if (kind !== 'add' || !isObject(value)) return []
  return Object.keys(value)
    .filter((name) => !IDENTITY.includes(name))
    .map((name) => (change) => {
      const rest = Object.entries(isObject(change.value) ? change.value : {})
      const less: Json = Object.fromEntries(rest.filter(([own]) => own !== name))
      return { ...change, value: less }
    })
}

const IDENTITY = ['id', 'type', 'on', 'kind', 'cls', 'method', 'result']

/** New entries are counted from 1, whatever was tried before. */
function renumbered(changes: readonly FactChange[]): readonly FactChange[] {
  const ids = new Map<string, string>()
  const text = JSON.stringify(changes).replace(/"new-\d+"/g, (id) => {
    const known = ids.get(id) ?? `"new-${ids.size + 1}"`
    ids.set(id, known)
    return known
  })
  return JSON.parse(text) as readonly FactChange[] // what was written a line above
}

function distinct(raises: readonly Raise[]): readonly Raise[] {
  const seen = new Set<string>()
  return raises.filter(({ changes }) => {
    const key = JSON.stringify(changes)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Sets that differ in one value alone are one set with a choice. */
function withAlternatives(ranked: readonly Raise[]): readonly Raise[] {
  const shown: Raise[] = []
  for (const raise of ranked) {
    const near = shown.findIndex((one) => differsAt(one, raise) !== undefined)
    const own = shown[near]
    const alternative = own === undefined ? undefined : differsAt(own, raise)
    if (own === undefined || alternative === undefined) shown.push(raise)
    else shown[near] = { ...own, alternatives: [...own.alternatives, alternative] }
  }
  return shown
}

/** Where two sets with the same rules and members have their one different value. */
function differsAt(a: Raise, b: Raise): Alternative | undefined {
  const ids = ({ rules }: Raise) => rules.map(({ id }) => id).join(' ')
  if (ids(a) !== ids(b) || a.changes.length !== b.changes.length) return undefined
  const [left, right] = [leavesOf(a.changes), leavesOf(b.changes)]
  const differs = (key: string, value: Json) =>
    JSON.stringify(left.get(key)?.value) !== JSON.stringify(value)
  if ([...left.keys()].join(' ') !== [...right.keys()].join(' ')) return undefined
  // The class of a document follows from its kind.
  const [first, second] = [...right]
    .filter(([key, { member, value }]) => member !== 'cls' && differs(key, value))
    .map(([, leaf]) => leaf)
  return second === undefined ? first : undefined
}

function leavesOf(changes: readonly FactChange[]): ReadonlyMap<string, Alternative> {
  const leaves = new Map<string, Alternative>()
  changes.forEach(({ kind, path, value }, change) => {
    const members: readonly (readonly [string, Json])[] =
      kind === 'add' && isObject(value) ? Object.entries(value) : [['', value]]
    for (const [member, own] of members)
      leaves.set(`${change} ${path} ${member}`, { change, member, value: own })
  })
  return leaves
}
