import type { Json } from '../kernel/canonical-json.ts'
import type { AnswerOccasion, CeremonyFacts } from './ports.ts'

/** What a row of the decision log is about: a change of level, or what an answer was given for. */
export type DecisionOccasion = 'change' | AnswerOccasion

/** The login behind an answer, in the form that is kept: without it no answer about a login could be evaluated again. */
export interface LoggedCeremony {
  readonly auth: Json
  readonly authenticatedAt: string
  readonly lastActiveAt: string
  readonly boundByProofingId?: string
}

export function loggedCeremony(ceremony: CeremonyFacts): LoggedCeremony {
  const { auth, authenticatedAt, lastActiveAt, boundByProofingId } = ceremony
  return {
    auth,
    authenticatedAt: authenticatedAt.toISOString(),
    lastActiveAt: lastActiveAt.toISOString(),
    ...(boundByProofingId === undefined ? {} : { boundByProofingId }),
  }
}

/** As a question has it. */
export function ceremonyOf(logged: LoggedCeremony | null): CeremonyFacts | undefined {
  if (logged === null) return undefined
  const { authenticatedAt, lastActiveAt, ...rest } = logged
  return {
    ...rest,
    authenticatedAt: new Date(authenticatedAt),
    lastActiveAt: new Date(lastActiveAt),
  }
}
