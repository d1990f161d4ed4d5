import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { call, segment } from './client.ts'
import type { Level, LocalText } from './types.ts'
import type { PersonaKind } from './wallet.ts'

export interface PersonaChoice {
  readonly personaId: string
  readonly kind: PersonaKind
  readonly label: string
}

export interface Shortfall {
  readonly framework: string
  readonly axis: string
  readonly have: string
  readonly need: string
  readonly remedy: string
}

export interface OfferedClaim {
  readonly name: string
  readonly label: LocalText
  readonly essential: boolean
  readonly value: string | boolean
}

export interface Purpose {
  readonly title: LocalText
  readonly description: LocalText
  readonly legalBasis: string
  readonly retentionDays: number
  readonly noticeUrl: string
}

export interface InteractionView {
  readonly interactionId: string
  readonly kind: 'authenticate' | 'release'
  readonly stage: 'login' | 'step_up' | 'persona' | 'consent' | 'confirm' | 'done' | 'failed'
  readonly rp: { readonly name: LocalText; readonly controller: LocalText }
  readonly purpose: Purpose | null
  readonly minimum: readonly Level[]
  readonly flags: readonly string[]
  readonly shortfalls: readonly Shortfall[]
  readonly personas: readonly PersonaChoice[]
  readonly persona: PersonaChoice | null
  readonly personaFixed: boolean
  readonly claims: readonly OfferedClaim[]
  readonly unavailable: readonly {
    readonly name: string
    readonly label: LocalText
    readonly reason: string
  }[]
  readonly failure: string | null
  readonly returnUrl: string | null
  readonly expiresAt: string
}

interface Return {
  readonly returnUrl: string
}

function path(interactionId: string, step = ''): string {
  return `/api/federation/interactions/${segment(interactionId)}${step}`
}

export function interaction(id: string): Promise<InteractionView> {
  return call('GET', path(id))
}

export function choosePersona(id: string, personaId: string): Promise<InteractionView> {
  return call('POST', path(id, '/persona'), { personaId })
}

/** `document` is the text that the person signs: its SHA-256 is the challenge in `options`. */
export function consentOptions(
  id: string,
  declined: readonly string[],
): Promise<{
  ceremonyId: string
  options: PublicKeyCredentialRequestOptionsJSON
  document: string
}> {
  return call('POST', path(id, '/consent/options'), { declined })
}

export function consent(
  id: string,
  ceremonyId: string,
  response: AuthenticationResponseJSON,
): Promise<Return> {
  return call('POST', path(id, '/consent'), { ceremonyId, response })
}

export function proceed(id: string): Promise<Return> {
  return call('POST', path(id, '/continue'), {})
}

export function refuse(id: string): Promise<Return> {
  return call('POST', path(id, '/refuse'), {})
}
