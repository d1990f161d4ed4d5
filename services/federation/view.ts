import { toHex } from '../kernel/bytes.ts'
import type { Minimum } from '../policy/ports.ts'
import type { PersonaSummary, WalletPort } from '../wallet/ports.ts'
import type { InteractionView } from './api.ts'
import type { Interaction } from './interaction.ts'
import type { Registration } from './registration.ts'
import { returnUrlOf, type BrowserSecret } from './return-url.ts'
import type { Standing } from './standing.ts'

export interface ViewInput {
  readonly interaction: Interaction
  readonly registration: Registration
  readonly standing: Standing
  readonly personas: readonly PersonaSummary[]
  readonly secret: BrowserSecret
  readonly claimLabel: WalletPort['claimLabel']
  /** Why there is no signature, in more words than its relying party gets; null where it says nothing more. */
  readonly reason: string | null
}

/** The request as its person sees it. Values of claims are for this page alone. */
export function viewOf({
  interaction,
  registration,
  standing,
  personas,
  secret,
  claimLabel,
  reason,
}: ViewInput): InteractionView {
  const persona = 'persona' in standing ? standing.persona : null
  const minimum = 'assessment' in standing ? standing.assessment.held : firstOf(interaction)
  return {
    interactionId: interaction.id,
    kind: interaction.kind,
    stage: stageOf(standing, interaction),
    rp: { name: registration.name, controller: registration.controller },
    purpose: purposeOf(interaction, registration),
    document: documentOf(standing, registration),
    minimum: [...minimum.axes],
    flags: [...minimum.flags],
    levels: levelsOf(standing),
    shortfalls: shortfallsOf(standing),
    personas: personas.map(personaOf),
    persona: persona === null ? null : personaOf(persona),
    personaFixed: 'fixed' in standing && standing.fixed,
    claims: standing.stage === 'consent' ? [...standing.offer.claims] : [],
    unavailable: unavailableOf(standing, claimLabel),
    failure: failureOf(standing, interaction, reason),
    returnUrl: interaction.status === 'open' ? null : returnUrlOf(interaction, secret),
    expiresAt: interaction.expiresAt.toISOString(),
  }
}

/** What is asked for while nobody is known who could be held against it. */
function firstOf({ minimum }: Interaction): Minimum {
  return minimum.anyOf?.[0] ?? minimum
}

function stageOf(standing: Standing, { status }: Interaction): InteractionView['stage'] {
  switch (standing.stage) {
    case 'closed':
      return status === 'completed' ? 'done' : 'failed'
    case 'other_person':
    case 'unmet':
    case 'unsatisfiable':
      return 'failed'
    case 'login':
    case 'step_up':
    case 'persona':
    case 'confirm':
    case 'sign':
    case 'consent':
      return standing.stage
    default:
      return standing satisfies never
  }
}

function failureOf(
  standing: Standing,
  { failure }: Interaction,
  reason: string | null,
): string | null {
  if (standing.stage === 'other_person') return 'SIGNATURE_OF_OTHER_PERSON'
  if (standing.stage === 'unmet') return 'ASSURANCE_UNMET'
  if (standing.stage === 'unsatisfiable') return 'UNSATISFIABLE'
  return failure === null ? null : (reason ?? failure.toUpperCase())
}

function documentOf(standing: Standing, { signatures }: Registration): InteractionView['document'] {
  if (standing.stage !== 'sign' || !signatures) return null
  const { title, mediaType, text, digest } = standing.document
  return { title, mediaType, text, sha256: toHex(digest), purpose: signatures.purpose }
}

function purposeOf(
  { purposeId }: Interaction,
  { purposes }: Registration,
): InteractionView['purpose'] {
  const purpose = purposes.find((known) => known.purposeId === purposeId)
  if (purpose === undefined) return null
  const { title, description, legalBasis, retentionDays, noticeUrl } = purpose
  return { title, description, legalBasis, retentionDays, noticeUrl }
}

function levelsOf(standing: Standing): InteractionView['levels'] {
  if (!('assessment' in standing)) return []
  return standing.assessment.levels.map(({ framework, axis, level }) => ({
    framework,
    axis,
    level,
  }))
}

function shortfallsOf(standing: Standing): InteractionView['shortfalls'] {
  if (standing.stage !== 'step_up' && standing.stage !== 'unmet') return []
  return standing.assessment.shortfalls.map(
    ({ framework, axis, scope, have, need, remedy, neverShown }) => ({
      framework,
      axis,
      scope,
      have,
      need,
      remedy,
      neverShown,
    }),
  )
}

function unavailableOf(
  standing: Standing,
  claimLabel: WalletPort['claimLabel'],
): InteractionView['unavailable'] {
  const named = (name: string, reason: string) => ({ name, label: claimLabel(name), reason })
  if (standing.stage === 'unsatisfiable') {
    return standing.claims.map(({ name, reason }) => named(name, reason))
  }
  if (standing.stage !== 'consent') return []
  return standing.offer.missingOptional.map((name) => named(name, 'NOT_AVAILABLE'))
}

function personaOf({ personaId, kind, label }: PersonaSummary) {
  return { personaId, kind, label }
}
