import type { LiveSession } from '../authenticator/ports.ts'
import type { Assessment } from '../policy/ports.ts'
import type { SignatureDocument } from '../proofing/ports.ts'
import type { ClaimRefusal, PersonaSummary, ReleaseOffer } from '../wallet/ports.ts'
import type { AssessedInteraction } from './assess-interaction.ts'
import type { Interaction, Progress } from './interaction.ts'

/** What the person has to do next, with what that page needs. */
export type Standing =
  | { readonly stage: 'closed' }
  | { readonly stage: 'login' }
  | { readonly stage: 'other_person'; readonly session: LiveSession }
  | (Known & { readonly stage: 'step_up' })
  | (Known & { readonly stage: 'unmet' })
  | (Known & { readonly stage: 'persona' })
  | (Chosen & { readonly stage: 'confirm' })
  | (Chosen & { readonly stage: 'sign'; readonly document: SignatureDocument })
  | (Chosen & { readonly stage: 'consent'; readonly offer: ReleaseOffer })
  | (Chosen & {
      readonly stage: 'unsatisfiable'
      readonly claims: readonly { readonly name: string; readonly reason: ClaimRefusal }[]
    })

interface Known extends AssessedInteraction {
  readonly session: LiveSession
}

interface Chosen extends Known {
  readonly personas: readonly PersonaSummary[]
  readonly persona: PersonaSummary
  readonly fixed: boolean
}

/** Standing once the assurance is known; what comes after needs the persona. */
export function assuranceStage({ satisfied, shortfalls }: Assessment): 'met' | 'step_up' | 'unmet' {
  if (satisfied) return 'met'
  // One axis that no step can bring makes every other step useless.
  return shortfalls.some(({ remedy }) => remedy === 'none') ? 'unmet' : 'step_up'
}

/**
 * The persona for this request: the one of the sector from an earlier visit, unless this interaction chose it itself. Only
 * personas of the kinds that the relying party is registered for count.
 */
export function choosePersona(
  allowed: readonly PersonaSummary[],
  bound: PersonaSummary | undefined,
  chosenHere: string | null,
): { readonly persona: PersonaSummary | undefined; readonly fixed: boolean } {
  const persona = allowed.find(({ personaId }) => personaId === bound?.personaId)
  return { persona, fixed: persona !== undefined && persona.personaId !== chosenHere }
}

/** What the relying party may learn of how far it is: no finer than this. */
export function progressOf(standing: Standing, interaction: Interaction): Progress {
  switch (standing.stage) {
    case 'closed':
      return interaction.progress
    case 'login':
    case 'other_person':
    case 'step_up':
    case 'unmet':
      return 'awaiting_login'
    case 'persona':
    case 'confirm':
    case 'sign':
    case 'consent':
    case 'unsatisfiable':
      return 'awaiting_consent'
    default:
      return standing satisfies never
  }
}
