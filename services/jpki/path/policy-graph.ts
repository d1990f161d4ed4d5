import type { Certificate } from '../certificate.ts'
import { ANY_POLICY } from '../oids.ts'

interface PolicyNode {
  readonly policy: string
  /** Policies of the next certificate that stand for this one. */
  expected: ReadonlySet<string>
  readonly parents: ReadonlySet<PolicyNode>
}

type Level = Map<string, PolicyNode>

/**
 * The valid policy graph of RFC 9618 §4: one node per policy and certificate, however many paths lead to it, where the
 * tree of RFC 5280 §6.1 grows exponentially.
 */
export class PolicyGraph {
  /** From the anchor down; null once no policy is valid (valid_policy_graph NULL). */
  #levels: Level[] | null

  constructor() {
    const root = {
      policy: ANY_POLICY,
      expected: new Set([ANY_POLICY]),
      parents: new Set<PolicyNode>(),
    }
    this.#levels = [new Map([[ANY_POLICY, root]])]
  }

  get isEmpty(): boolean {
    return this.#levels === null
  }

  /** Steps (d) and (e): the policies of the next certificate. */
  add({ policies }: Certificate, anyPolicyCounts: boolean): void {
    const above = this.#levels?.at(-1)
    if (this.#levels === null || above === undefined) return
    if (policies.length === 0) {
      this.#levels = null
      return
    }
    const level: Level = new Map()
    for (const policy of policies) {
      if (policy !== ANY_POLICY) addNode(level, policy, parentsOf(above, policy))
    }
    if (anyPolicyCounts && policies.includes(ANY_POLICY)) {
      const expected = new Set([...above.values()].flatMap((node) => [...node.expected]))
      for (const policy of expected) {
        if (!level.has(policy)) addNode(level, policy, expecting(above, policy))
      }
    }
    this.#levels.push(level)
    this.#prune()
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
    this.#prune()
  }

  /**
   * Wrap-up, step (g): the policies under which the path is valid, in terms of the anchor's domain, of those that the
   * user accepts; `null` stands for any.
   */
  constrainedTo(accepted: ReadonlySet<string> | null): ReadonlySet<string> {
    const last = this.#levels?.at(-1)
    if (this.#levels === null || last === undefined) return new Set()
    const authority = new Set<string>()
    for (const level of this.#levels.slice(1)) {
      for (const { policy, parents } of level.values()) {
        const hasAnyParent = [...parents].some((parent) => parent.policy === ANY_POLICY)
        if (policy !== ANY_POLICY && hasAnyParent) authority.add(policy)
      }
    }
    if (last.has(ANY_POLICY)) authority.add(ANY_POLICY)
    if (accepted === null) return authority
    if (authority.has(ANY_POLICY)) return accepted
    return authority.intersection(accepted)
  }

  /** Removes what leads nowhere, from the last certificate up. */
  #prune(): void {
    const levels = this.#levels
    if (levels === null) return
    for (let i = levels.length - 1; i > 0; i--) {
      const used = new Set([...(levels[i]?.values() ?? [])].flatMap(({ parents }) => [...parents]))
      const above = levels[i - 1] ?? new Map<string, PolicyNode>()
      for (const [policy, node] of above) if (!used.has(node)) above.delete(policy)
    }
    if (levels[0]?.size === 0) this.#levels = null
  }
}

function addNode(level: Level, policy: string, parents: ReadonlySet<PolicyNode>): void {
  if (parents.size > 0) level.set(policy, { policy, expected: new Set([policy]), parents })
}

/** Step (d)(1): the nodes that expect the policy, else the one of anyPolicy. */
function parentsOf(above: Level, policy: string): ReadonlySet<PolicyNode> {
  const parents = expecting(above, policy)
  const any = above.get(ANY_POLICY)
  return parents.size > 0 || any === undefined ? parents : new Set([any])
}

function expecting(above: Level, policy: string): ReadonlySet<PolicyNode> {
  return new Set([...above.values()].filter(({ expected }) => expected.has(policy)))
}
