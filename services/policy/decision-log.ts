import type { UnitOfWork } from '../database/unit-of-work.ts'
import { NotFound } from '../kernel/errors.ts'
import type { ActivePolicy } from './active-policy.ts'
import { identityLevel } from './identity-level.ts'
import type { AxisRef } from './language/pack.ts'
import type { ExplainedRule } from './language/explain.ts'
import type { Facts, RuleReason } from './language/score.ts'
import type { PolicyInForce } from './policy-in-force.ts'
import { PolicyLibrary } from './policy-library.ts'
import { ReleaseStore } from './release/release-store.ts'
import type { DecisionRow, DecisionSearch, PolicyDatabase } from './store.ts'
import { factsDigest, proofingsOf, type StoredFact } from './subject-facts.ts'

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

export interface DecisionLogDependencies {
  readonly database: UnitOfWork
  readonly inForce: PolicyInForce
  readonly store: PolicyDatabase
}

const PAGE = 100
/** Decisions looked through for a rule before a page is given up. */
const MAX_LOOKED_AT = 10_000

/** Every change of a level, and why it was decided so. */
export class DecisionLog {
  readonly #deps: DecisionLogDependencies
  readonly #releases: ReleaseStore

  constructor(deps: DecisionLogDependencies) {
    this.#deps = deps
    this.#releases = new ReleaseStore(deps.database)
  }

  /**
   * Decisions that fit, newest first, at most 100.
   * @param rule id of a rule that fired
   */
  async find(search: DecisionSearch, rule?: string): Promise<readonly DecisionRow[]> {
    const { database, store } = this.#deps
    if (rule === undefined) return database.read((tx) => store.findDecisions(tx, search, PAGE))
    const found: DecisionRow[] = []
    let before = search.before
    for (let looked = 0; looked < MAX_LOOKED_AT && found.length < PAGE; looked += PAGE) {
      const page = await database.read((tx) => store.findDecisions(tx, { ...search, before }, PAGE))
      found.push(...page.filter(({ firedRules }) => firedRules.includes(rule)))
      before = page.at(-1)?.id
      if (before === undefined) break
    }
    return found.slice(0, PAGE)
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

function lacking(decision: DecisionRow, what: 'policy' | 'facts'): ExplainedDecision {
  const replay = { outcome: 'not_replayable', lacking: what } as const
  return { decision, replay, why: [], whyNot: [], facts: null }
}

function explained(
  policy: ActivePolicy,
  decision: DecisionRow,
  known: readonly StoredFact[],
): ExplainedDecision {
  const { framework, axis, decidedAt: at } = decision
  const proofings = proofingsOf(known)
  const ref: AxisRef = { framework, axis }
  const { level, fired } = identityLevel(policy, ref, proofings, at)
  const facts = proofings[0] ?? {}
  const higher = policy.frameworks
    .whyNot({ framework, axis, facts, at })
    .filter(({ effect }) => policy.isLowered(framework, axis, effect, level))
  return {
    decision,
    replay: level === decision.level ? { outcome: 'same' } : { outcome: 'differs', level },
    why: fired,
    whyNot: higher,
    facts: proofings,
  }
}
