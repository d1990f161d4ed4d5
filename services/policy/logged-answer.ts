import { loggedCeremony } from './logged-ceremony.ts'
import type { Assessment, AxisLevel, GivenAnswer } from './ports.ts'
import type { DecisionRow } from './store.ts'

/**
 * An answer to a relying party as rows of the log: one per axis and flag, one for the age of the login where that was
 * limited, and a single one without an axis where nothing was asked for.
 *
 * @param framework of the pack in force, to which flags and age belong
 * @param nextId gives an id per row; the first one names the answer
 */
export function answerRows(
  { question, assessment, occasion }: GivenAnswer,
  framework: string,
  nextId: () => string,
): readonly DecisionRow[] {
  const { ceremony, rp, at, subjectRef } = question
  const { levels, held } = assessment
  const common = {
    ...{ subjectRef, occasion, relyingParty: rp.id, decidedAt: at, causeEventId: '' },
    policyDigest: assessment.policyDigest,
    factsDigest: assessment.factsDigest,
    ceremony: ceremony === undefined ? null : loggedCeremony(ceremony),
  }
  const asked = [
    ...levels.map((level, i) => axisRow(level, i, assessment)),
    ...held.flags.map((flag) => shortRow(assessment, `flag:${flag}`, framework, flag, 'yes')),
    ...(held.maxAgeSeconds === undefined
      ? []
      : [shortRow(assessment, 'max_age', framework, 'max_age', String(held.maxAgeSeconds))]),
  ]
  const rows = asked.length > 0 ? asked : [{ framework, ...NOTHING_ASKED }]
  const ids = rows.map(nextId)
  const [questionId = null] = ids
  return rows.map((row, i) => ({ ...common, ...row, id: ids[i] ?? '', questionId }))
}

const NOTHING_ASKED = {
  ...{ axis: '', level: '', requested: null, satisfied: true },
  ...{ firedRules: [], validUntil: null },
}

/** `requested` is null on an axis of a vector that was passed over for another. */
function axisRow(
  { framework, axis, level, validUntil }: AxisLevel,
  index: number,
  { held, firedRules, shortfalls }: Assessment,
) {
  const is = (one: { readonly framework: string; readonly axis: string }) =>
    one.framework === framework && one.axis === axis
  const requested = held.axes.find(is)?.level ?? null
  return {
    ...{ framework, axis, level, requested },
    satisfied: requested === null ? null : !shortfalls.some(is),
    firedRules: firedRules[index] ?? [],
    validUntil: validUntil ?? null,
  }
}

/** What an assessment tells of by its shortfalls alone. */
function shortRow(
  { shortfalls }: Assessment,
  name: string,
  framework: string,
  axis: string,
  requested: string,
) {
  const short = shortfalls.find((one) => one.axis === name)
  return {
    ...{ framework, axis, requested, level: short?.have ?? requested },
    satisfied: short === undefined,
    ...{ firedRules: [], validUntil: null },
  }
}
