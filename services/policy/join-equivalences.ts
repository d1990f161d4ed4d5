import type { Equivalence } from './language/equivalences.ts'
import { F, T } from './language/kleene.ts'
import type { LevelAxis } from './language/pack.ts'
import { INDETERMINATE, type Reach, type Score, type ScoreValue } from './language/score-value.ts'

/** An equivalence that is switched on, and how far its framework reaches what it asks. */
export interface Given {
  readonly equivalence: Equivalence
  readonly reach: Reach
}

/**
 * The native value together with what equivalences give. They come after the rules of the framework, but no veto is undone by
 * them and no cap exceeded; what only may hold raises what is possible, not what may be relied on.
 */
export function joinEquivalences(native: Score, axis: LevelAxis, given: readonly Given[]): Score {
  const { members } = axis.type
  const rank = (value: ScoreValue) => members.indexOf(labelOf(value))
  const reached = (certain: boolean) => {
    const vetoed = native.vetoes.some((veto) => certain || veto.certain)
    const caps = native.caps.filter((cap) => certain || cap.certain).map(({ to }) => rank(to))
    return ({ equivalence, reach }: Given) =>
      vetoed || (certain ? reach.truth !== T : reach.truth === F)
        ? 0
        : Math.min(rank(equivalence.gives.level), ...caps)
  }
  const [certainly, possibly] = [reached(true), reached(false)]
  const least = Math.max(rank(native.atLeast), ...given.map(certainly))
  const most = Math.max(rank(native.atMost), ...given.map(possibly))
  const until = [native.validUntil, ...given.map(({ reach }) => reach.validUntil)]
  const score = { ...native, validUntil: earliest(until) }
  if (least === rank(native.atLeast) && most === rank(native.atMost)) return score
  const via = given.filter((one) => certainly(one) > rank(native.atLeast))
  const atLeast = least > rank(native.atLeast) ? valueAt(axis, least) : native.atLeast
  const raised = {
    ...score,
    atLeast,
    atMost: valueAt(axis, most),
    flags: least > rank(native.atLeast) ? [] : native.flags,
    fired: [
      ...native.fired,
      ...via.map(({ equivalence: { id, title, cites } }) => ({ id, title, cites })),
    ],
    ...(via.length === 0 ? {} : { via: via.map(({ equivalence }) => equivalence.id) }),
  }
  if (least === most) return { ...raised, value: atLeast, status: 'decided', missing: [] }
  const raising = given.filter((one) => possibly(one) > least)
  const open = [...native.missing, ...raising.flatMap(({ reach }) => reach.missing)]
  // A veto or cap that may hold decides only now: what is unknown to it was no matter to the framework alone.
  const named = open.length > 0 ? open : raising.flatMap(({ reach }) => reach.unknown)
  const missing = new Map(named.map((one) => [one.path, one]))
  return {
    ...raised,
    value: INDETERMINATE,
    status: 'indeterminate',
    missing: [...missing.values()],
  }
}

function labelOf(value: ScoreValue): string {
  if (typeof value === 'string') return value
  const level = 'level' in value ? value['level'] : undefined
  return typeof level === 'string' ? level : ''
}

function valueAt(axis: LevelAxis, rank: number): ScoreValue {
  const level = axis.type.members[rank] ?? ''
  return axis.shows === undefined ? level : { level }
}

function earliest(instants: readonly (number | undefined)[]): number | undefined {
  const end = Math.min(...instants.map((one) => one ?? Number.POSITIVE_INFINITY))
  return Number.isFinite(end) ? end : undefined
}
