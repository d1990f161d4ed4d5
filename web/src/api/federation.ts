import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import type {
  ConsentOptionsReply,
  InteractionView,
  ReturnReply,
  SignReply,
} from '../../../services/federation/api.ts'
import { call, segment } from './client.ts'

export type { InteractionView }
export type OfferedClaim = InteractionView['claims'][number]
export type SignedDocument = NonNullable<InteractionView['document']>
export type Purpose = NonNullable<InteractionView['purpose']>

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
): Promise<ConsentOptionsReply & { readonly options: PublicKeyCredentialRequestOptionsJSON }> {
  return call('POST', path(id, '/consent/options'), { declined })
}

export function consent(
  id: string,
  ceremonyId: string,
  response: AuthenticationResponseJSON,
): Promise<ReturnReply> {
  return call('POST', path(id, '/consent'), { ceremonyId, response })
}

export function proceed(id: string): Promise<ReturnReply> {
  return call('POST', path(id, '/continue'), {})
}

/** Agrees to sign with the card; the answer says where the card is asked for. */
export function sign(id: string): Promise<SignReply> {
  return call('POST', path(id, '/sign'), {})
}

export function refuse(id: string): Promise<ReturnReply> {
  return call('POST', path(id, '/refuse'), {})
}
