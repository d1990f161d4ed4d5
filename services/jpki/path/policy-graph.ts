import type { Certificate } from '../certificate.ts'
import { ANY_POLICY } from '../oids.ts'
import type { Budget } from './budget.ts'

interface PolicyNode {
  readonly policy: string
  /** Policies of the next certificate that stand for this one. */
  expected: ReadonlySet<string>
  readonly parents: ReadonlySet<PolicyNode>
}

type Level = Map<string, PolicyNode>
type NodesByPolicy = ReadonlyMap<string, ReadonlySet<PolicyNode>>

/** What every graph begins with (RFC 9618 §5.2), and what the first certificate meets there. */
const ROOT: Readonly<PolicyNode> = {
  policy: ANY_POLICY,
  expected: new Set([ANY_POLICY]),
  parents: new Set(),
}
const EXPECTING_ROOT: NodesByPolicy = new Map([[ANY_POLICY, new Set([ROOT])]])

/**
 * The valid policy graph of RFC 9618 §4: one node per policy and certificate, however many paths lead to it, where the
 * tree of RFC 5280 §6.1 grows exponentially.
 */
export class PolicyGraph {
  /** From the anchor down; null once no policy is valid (valid_policy_graph NULL). */
  #levels: Level[] | null
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
    this.#levels = [new Map([[ANY_POLICY, ROOT]])]
  }

  get isEmpty(): boolean {
    return this.#levels === null
  }

  /** Steps (d) and (e): the policies of the next certificate. */
  add({ policies }: Certificate, anyPolicyCounts: boolean): void {
    const above = this.#levels?.at(-1)
    if (above === undefined) return
    const expecting =
      above.get(ANY_POLICY) === ROOT ? EXPECTING_ROOT : this.#nodesByExpectedPolicy(above)
    const level: Level = new Map()
    for (const policy of policies) {
      if (policy === ANY_POLICY) continue
      // Step (d)(1): the nodes that expect the policy, else the one of anyPolicy, which nothing is mapped to.
      const parents = expecting.get(policy) ?? expecting.get(ANY_POLICY)
      if (parents !== undefined) addNode(level, policy, parents)
    }
    if (anyPolicyCounts && policies.includes(ANY_POLICY)) {
      for (const [policy, parents] of expecting) {
        if (!level.has(policy)) addNode(level, policy, parents)
      }
    }
    this.#levels?.push(level)
    this.#endWhenEmpty(level)
  }

  /** Prepare for the next certificate, step (b). */
  map({ policyMappings }: Certificate, mappingAllowed: boolean): void {
    const level = this.#levels?.at(-1)
    if (level === undefined) return
    const byIssuer = Map.groupBy(policyMappings, ({ issuerDomain }) => issuerDomain)
    for (const [policy, mappings] of byIssuer) {
      const expected = new Set(mappings.map(({ subjectDomain }) => subjectDomain))
      const node = level.get(policy)
      if (!mappingAllowed) {
        level.delete(policy)
      } else if (node !== undefined) {
        node.expected = expected
      } else {
        const any = level.get(ANY_POLICY)
        if (any !== undefined) level.set(policy, { policy, expected, parents: any.parents })
      }
    }
    this.#endWhenEmpty(level)
  }

  /**
   * Wrap-up, step (g): the policies under which the path is valid, in terms of the anchor's domain, of those that the
   * user accepts; `null` stands for any.
   */
  constrainedTo(accepted: ReadonlySet<string> | null): ReadonlySet<string> {
    const last = this.#levels?.at(-1)
    if (last === undefined) return new Set()
    this.#prune()
    const authority = new Set<string>()
    for (const level of this.#levels ?? []) {
      for (const { policy, parents } of level.values()) {
        if (policy !== ANY_POLICY && hasAnyPolicy(parents)) authority.add(policy)
      }
    }
    if (last.has(ANY_POLICY)) authority.add(ANY_POLICY)
    if (accepted === null) return authority
    if (authority.has(ANY_POLICY)) return accepted
    return authority.intersection(accepted)
  }

  #nodesByExpectedPolicy(level: Level): NodesByPolicy {
    const nodes = new Map<string, Set<PolicyNode>>()
    for (const node of level.values()) {
      this.#budget.policies(node.expected.size)
      for (const policy of node.expected) {
        const expecting = nodes.get(policy)
        if (expecting === undefined) nodes.set(policy, new Set([node]))
        else expecting.add(node)
      }
    }
    return nodes
  }

  #endWhenEmpty(last: Level): void {
    if (last.size === 0) this.#levels = null
  }

  /**
   * Removes what leads nowhere, from the last certificate up to the first, whose nodes all hang on the root. The last level
   * stands, so once at the end is enough.
   */
  #prune(): void {
    const levels = this.#levels ?? []
    for (let i = levels.length - 1; i > 1; i--) {
      const used = new Set<PolicyNode>()
      for (const { parents } of levels[i]?.values() ?? []) {
        this.#budget.policies(parents.size)
        for (const parent of parents) used.add(parent)
      }
      const above = levels[i - 1] ?? new Map<string, PolicyNode>()
      for (const [policy, node] of above) if (!used.has(node)) above.delete(policy)
    }
  }
}

function hasAnyPolicy(nodes: ReadonlySet<PolicyNode>): boolean {
  for (const { policy } of nodes) if (policy === ANY_POLICY) return true
  return false
}

function addNode(level: Level, policy: string, parents: ReadonlySet<PolicyNode>): void {
  level.set(policy, { policy, expected: new Set([policy]), parents })
}
