import type { Decision } from '../api/policy.ts'

/** What was decided in one answer to a service, or a single decision that belongs to none. */
export interface DecidedTogether {
  /** Of the first one; the key of the group. */
  readonly id: string
  readonly questionId: string | null
  readonly decisions: readonly [Decision, ...Decision[]]
}

/** Decisions of one answer together, where the first of them stands: answers that are given at once stand among each other. */
export function decidedTogether(decisions: readonly Decision[]): readonly DecidedTogether[] {
  const groups = new Map<string, [Decision, ...Decision[]]>()
  for (const decision of decisions) {
    const key = decision.questionId ?? decision.id
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [decision])
    else known.push(decision)
  }
  return [...groups.values()].map((group) => {
    const { id, questionId } = group[0]
    return { id, questionId, decisions: group }
  })
}

/**
 * Whether all that was asked was enough; null where nothing was asked for, or only a part of the answer was found, with nothing
 * in it that was not enough.
 */
export function enoughOf({ decisions }: DecidedTogether, isWhole: boolean): boolean | null {
  const told = decisions.map(({ satisfied }) => satisfied).filter((one) => one !== null)
  if (told.includes(false)) return false
  return isWhole && told.length > 0 ? true : null
}
