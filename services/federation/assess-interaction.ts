import type { LiveSession } from '../authenticator/ports.ts'
import type { Clock } from '../kernel/clock.ts'
import type { GivenAnswer, PolicyPort } from '../policy/ports.ts'
import type { Interaction } from './interaction.ts'
import { ceremonyOf } from './levels.ts'
import type { Registration } from './registration.ts'

interface AssessingDependencies {
  readonly policy: Pick<PolicyPort, 'assess'>
  readonly clock: Clock
}

/** A login held against what a request asks for, with the question that it answers. */
export type AssessedInteraction = Pick<GivenAnswer, 'question' | 'assessment'>

/** Assesses whoever is logged in. */
export async function assessInteraction(
  { policy, clock }: AssessingDependencies,
  { minimum }: Interaction,
  { rpId, signatureVerifier }: Registration,
  session: LiveSession,
): Promise<AssessedInteraction> {
  const question = {
    subjectRef: session.subjectRef,
    ceremony: ceremonyOf(session),
    minimum,
    rp: { id: rpId, signatureVerifier },
    at: clock.now(),
  }
  return { question, assessment: await policy.assess(question) }
}
