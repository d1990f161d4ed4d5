import { eq, gte, lt, ne, type SQL } from 'drizzle-orm'
import type { DecisionOccasion } from './logged-ceremony.ts'
import type { decisions } from './schema.sqlite.ts'

/** What a search of decisions asks for; everything that is given has to fit. */
export interface DecisionSearch {
  readonly subjectRef?: string | undefined
  readonly framework?: string | undefined
  readonly axis?: string | undefined
  /** `answer`: whatever a relying party was answered for. */
  readonly occasion?: DecisionOccasion | 'answer' | undefined
  /** Id of one answer: all of its decisions. */
  readonly questionId?: string | undefined
  readonly relyingParty?: string | undefined
  readonly satisfied?: boolean | undefined
  readonly from?: Date | undefined
  readonly until?: Date | undefined
  /** Id of a decision: those made before it. */
  readonly before?: string | undefined
}

/** Conditions on the rows of the log; what was not asked for is undefined. Of `before` the reader makes its own. */
export function fitting(
  table: typeof decisions,
  search: DecisionSearch,
): readonly (SQL | undefined)[] {
  const { subjectRef, framework, axis, occasion, questionId, ...rest } = search
  const { relyingParty, satisfied, from, until } = rest
  return [
    subjectRef === undefined ? undefined : eq(table.subjectRef, subjectRef),
    framework === undefined ? undefined : eq(table.framework, framework),
    axis === undefined ? undefined : eq(table.axis, axis),
    occasion === 'answer' ? ne(table.occasion, 'change') : undefined,
    occasion === undefined || occasion === 'answer' ? undefined : eq(table.occasion, occasion),
    ...(questionId === undefined ? [] : ofAnswer(table, questionId)),
    relyingParty === undefined ? undefined : eq(table.relyingParty, relyingParty),
    satisfied === undefined ? undefined : eq(table.satisfied, satisfied),
    from === undefined ? undefined : gte(table.decidedAt, from),
    until === undefined ? undefined : lt(table.decidedAt, until),
  ]
}

/** An answer has the id of one of its decisions, all of which are made at one moment: RFC 9562 §5.7, the first 48 bits. */
function ofAnswer(table: typeof decisions, questionId: string): readonly SQL[] {
  const moment = questionId.slice(0, 13)
  return [
    eq(table.questionId, questionId),
    gte(table.id, `${moment}-0`),
    lt(table.id, `${moment}-g`), // no digit is above it: the primary key leads there
  ]
}
