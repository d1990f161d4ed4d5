import type { ActivePolicy } from './active-policy.ts'
import { assess, type Assessed } from './assess.ts'
import { ceremonyFacts, flagHolds } from './ceremony-level.ts'
import { trustmarkPath, vectorOf } from './minimum/trustmark.ts'
import type { AssessmentQuestion, AxisLevel, Minimum, Shortfall, VectorOfTrust } from './ports.ts'
import type { StoredFact } from './subject-facts.ts'

/** How a person and a login stand to one of the minimums of a question. */
interface AssessedOne extends Assessed {
  readonly held: Minimum
  readonly shortfalls: readonly Shortfall[]
}

/** The one that counts. */
export interface AssessedAny extends AssessedOne {
  /** Also of the axes of the vectors before it: that they were not met tells something of these. */
  readonly levels: readonly AxisLevel[]
  /** Rules that made each of the levels. */
  readonly firedRules: readonly (readonly string[])[]
}

/**
 * Holds a person and a login against a minimum that may have alternatives. The first that is met counts; where none is, the
 * first that some step of the person's could bring, so that a vector out of reach leads nobody into a dead end. Pure.
 */
export function assessAny(
  policy: ActivePolicy,
  known: readonly StoredFact[],
  question: AssessmentQuestion,
): AssessedAny {
  const { anyOf, ...plain } = question.minimum
  const [first, ...others] = anyOf ?? [plain]
  const assessed = (held: Minimum): AssessedOne => {
    const found = assess(policy, known, { ...question, minimum: held })
    const shortfalls = [...found.axes.flatMap(({ shortfall }) => shortfall ?? []), ...found.others]
    return { ...found, held, shortfalls }
  }
  const preferred = assessed(first ?? plain)
  const all = [preferred, ...others.map(assessed)]
  const counts =
    all.find(({ shortfalls }) => shortfalls.length === 0) ??
    all.find(({ shortfalls }) => shortfalls.every(({ remedy }) => remedy !== 'none')) ??
    preferred
  const before = all.slice(0, all.indexOf(counts))
  const told = distinct([counts, ...before].flatMap(({ axes }) => axes))
  return {
    ...counts,
    levels: told.map(({ level }) => level),
    firedRules: told.map(({ fired }) => fired.map(({ id }) => id)),
  }
}

function distinct(axes: Assessed['axes']): Assessed['axes'] {
  const byAxis = new Map<string, Assessed['axes'][number]>()
  for (const axis of axes) {
    const key = JSON.stringify([axis.level.framework, axis.level.axis])
    if (!byAxis.has(key)) byAxis.set(key, axis)
  }
  return [...byAxis.values()]
}

/**
 * What holds, as a vector of trust. It tells nothing that `levels` do not: a value counts only where each of its axes is among
 * them. Flags are of this very login.
 */
export function vectorOfTrust(
  policy: ActivePolicy,
  known: readonly StoredFact[],
  { ceremony, at }: AssessmentQuestion,
  levels: readonly AxisLevel[],
): VectorOfTrust | undefined {
  const { trustmark } = policy
  if (trustmark === undefined) return undefined
  const facts = ceremonyFacts(ceremony, known)
  const vot = vectorOf(trustmark, ({ axes, flags }) => {
    const reached = axes.every((need) => {
      const { framework, axis } = need
      const have = levels.find((one) => one.framework === framework && one.axis === axis)
      return have !== undefined && policy.reaches(need, have.level)
    })
    return reached && flags.every((flag) => flagHolds(policy, flag, facts, at))
  })
  return vot === '' ? undefined : { vot, trustmark: trustmarkPath(trustmark) }
}
