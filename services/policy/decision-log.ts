import type { UnitOfWork } from '../database/unit-of-work.ts'
import { setImmediate } from 'node:timers/promises'
import { Conflict, NotFound } from '../kernel/errors.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import type { ActivePolicy } from './active-policy.ts'
import { decideAgain, type DecidedAgain } from './decide-again.ts'
import type { DecisionSearch } from './decision-search-store.ts'
import type { LevelAxis } from './language/pack.ts'
import type { ExplainedRule } from './language/explain.ts'
import { INDETERMINATE, type RuleReason } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
import { answerRows } from './logged-answer.ts'
import { LogReplay, type LogImpact } from './log-impact.ts'
import type { PolicyInForce } from './policy-in-force.ts'
import { PolicyLibrary } from './policy-library.ts'
import type { GivenAnswer } from './ports.ts'
import { ReleaseStore } from './release/release-store.ts'
import type { DecisionRow, PolicyDatabase } from './store.ts'
import { factsDigest, type StoredFact } from './subject-facts.ts'

/** A decision, evaluated again with the policy and the facts of then. */
export interface ExplainedDecision {
  readonly decision: DecisionRow
  readonly replay:
    | { readonly outcome: 'same' }
    | { readonly outcome: 'differs'; readonly level: string }
    | { readonly outcome: 'not_replayable'; readonly lacking: 'policy' | 'facts' }
  readonly why: readonly RuleReason[]
  readonly whyNot: readonly ExplainedRule[]
  /** One object per proofing, as the rules read them; null where they are no longer there. */
  readonly facts: readonly Facts[] | null
}

export interface LogSearch extends DecisionSearch {
  /** Id of a rule that fired. */
  readonly rule?: string | undefined
}

export interface FoundDecisions {
  /** Newest first, at most 100. */
  readonly decisions: readonly DecisionRow[]
  /** `before` of the next page; undefined at the end of the log. */
  readonly next: string | undefined
}

export interface DecisionLogDependencies {
  readonly database: UnitOfWork
  readonly inForce: PolicyInForce
  readonly store: PolicyDatabase
  readonly random: Random
}

const PAGE = 100
/** Decisions looked through for a rule before a page is given up. */
const MAX_LOOKED_AT = 10_000
const MAX_REPLAYED = 200_000

/** Every change of a level and every answer to a relying party, and why it was decided so. */
export class DecisionLog {
  readonly #deps: DecisionLogDependencies
  readonly #releases: ReleaseStore

  constructor(deps: DecisionLogDependencies) {
    this.#deps = deps
    this.#releases = new ReleaseStore(deps.database)
  }

  /** Writes what a relying party is answered, and resolves when that is durable. */
  async record(answer: GivenAnswer): Promise<void> {
    const { database, store, inForce, random } = this.#deps
    const { subjectRef, at } = answer.question
    const { framework } = inForce.policy.pack
    const rows = answerRows(answer, framework, () => orderedId(random, at))
    await database.run(async (tx) => {
      // Erased while the answer was made: the log must not remember what all else forgets.
      if ((await store.person(tx, subjectRef)).erased) return
      await store.addDecisions(tx, rows)
    })
  }

  /** A page of the decisions that fit. A rule that fired seldom may leave it short, or empty, before the end of the log. */
  async find(search: LogSearch): Promise<FoundDecisions> {
    const { database, store } = this.#deps
    const found: DecisionRow[] = []
    let next = search.before
    for (let looked = 0; looked < MAX_LOOKED_AT && found.length < PAGE; looked += PAGE) {
      const before = next
      const page = await database.read((tx) => store.findDecisions(tx, { ...search, before }, PAGE))
      found.push(...page.filter(firedIn(search)))
      next = page.length < PAGE ? undefined : page.at(-1)?.id
      if (next === undefined) break
    }
    const decisions = found.slice(0, PAGE)
    return { decisions, next: found.length > PAGE ? decisions.at(-1)?.id : next }
  }

  /** All decisions that fit, oldest first, read as they are taken: what is held at once does not grow with the log. */
  async *all(search: LogSearch): AsyncGenerator<DecisionRow> {
    for await (const page of this.#pages(search)) yield* page.filter(firedIn(search))
  }

  /**
   * What a draft would have decided of what the log has.
   * @throws Conflict for more decisions than are replayed at once
   */
  async replay(draft: ActivePolicy, search: LogSearch): Promise<LogImpact> {
    const replay = new LogReplay(draft)
    for await (const read of this.#pages(search)) {
      await this.#replayPage(replay, read.filter(firedIn(search)))
      if (replay.looked > MAX_REPLAYED)
        throw new Conflict(`expected a range with at most ${MAX_REPLAYED} decisions`)
    }
    return replay.impact()
  }

  /**
   * What a draft would have decided of these decisions, as an export names them.
   * @param ids each at most once
   */
  async replayThese(
    draft: ActivePolicy,
    ids: readonly string[],
  ): Promise<{ readonly impact: LogImpact; readonly notFound: number }> {
    const { database, store } = this.#deps
    const replay = new LogReplay(draft)
    for (let i = 0; i < ids.length; i += PAGE) {
      const asked = ids.slice(i, i + PAGE)
      await this.#replayPage(replay, await database.read((tx) => store.decisionsOf(tx, asked)))
    }
    return { impact: replay.impact(), notFound: ids.length - replay.looked }
  }

  async #replayPage(replay: LogReplay, page: readonly DecisionRow[]): Promise<void> {
    const { database, store } = this.#deps
    const subjects = [...new Set(page.map(({ subjectRef }) => subjectRef))]
    const known = await database.read((tx) => store.recordedFacts(tx, subjects))
    for (const decision of page) replay.add(decision, known.get(decision.subjectRef) ?? [])
    // Other requests come between two pages.
    await setImmediate()
  }

  async *#pages(search: DecisionSearch): AsyncGenerator<readonly DecisionRow[]> {
    const { database, store } = this.#deps
    for (let last: string | undefined = ''; last !== undefined;) {
      const after: string = last
      const page = await database.read((tx) => store.decisionsAfter(tx, search, after, PAGE))
      yield page
      last = page.at(-1)?.id
    }
  }

  /** @throws NotFound */
  async explain(id: string): Promise<ExplainedDecision> {
    const { database, store } = this.#deps
    const { decision, facts, stored } = await database.read(async (tx) => {
      const decision = await store.decision(tx, id)
      if (decision === undefined) throw new NotFound('expected a decision')
      return {
        decision,
        facts: await store.factsAt(tx, decision.subjectRef, decision.decidedAt),
        stored: await this.#releases.policyOf(tx, decision.policyDigest),
      }
    })
    if (stored === undefined) return lacking(decision, 'policy')
    // INVARIANT: what is explained is what was decided on, to the digest; never a guess from what is known today.
    if (factsDigest(facts) !== decision.factsDigest) return lacking(decision, 'facts')
    const library = new PolicyLibrary(stored.documents)
    const policy = library.policyOf(stored.pack)
    return explained(policy, decision, facts)
  }
}

function firedIn({ rule }: LogSearch): (decision: DecisionRow) => boolean {
  return ({ firedRules }) => rule === undefined || firedRules.includes(rule)
}

function lacking(decision: DecisionRow, what: 'policy' | 'facts'): ExplainedDecision {
  const replay = { outcome: 'not_replayable', lacking: what } as const
  return { decision, replay, why: [], whyNot: [], facts: null }
}

function explained(
  policy: ActivePolicy,
  decision: DecisionRow,
  known: readonly StoredFact[],
): ExplainedDecision {
  const again = decideAgain(policy, decision, known)
  // What rules did not decide has nothing to be explained by.
  if (again === undefined)
    return { decision, replay: { outcome: 'same' }, why: [], whyNot: [], facts: [] }
  const { level, fired, facts } = again
  return {
    decision,
    replay: level === decision.level ? { outcome: 'same' } : { outcome: 'differs', level },
    why: fired,
    whyNot: higher(policy, decision, again),
    facts,
  }
}

function higher(
  policy: ActivePolicy,
  { framework, axis, decidedAt: at }: DecisionRow,
  { level, facts }: DecidedAgain,
): readonly ExplainedRule[] {
  const { type } = levelAxisOf(policy, framework, axis)
  const rank = type.members.indexOf(level)
  return policy.frameworks
    .whyNot({ framework, axis, facts: facts[0] ?? {}, at })
    .filter(({ effect }) => level !== INDETERMINATE && type.members.indexOf(effect) > rank)
}

function levelAxisOf(policy: ActivePolicy, framework: string, name: string): LevelAxis {
  const axis = policy.frameworks.axis(framework, name)
  if (axis.kind !== 'levels') throw new TypeError(`${framework} ${name} has no levels`)
  return axis
}
