import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser'
import type {
  AuthenticatorList,
  CardLoginStatus,
  CeremonyStarted,
  CompleteRegistration,
  LoggedIn,
  RegistrationStarted,
  RegistrationStatus,
  ReproofStatus,
  Session,
  SessionAnswer,
  StartReproof,
  TapOpened,
} from '../../../services/authenticator/api.ts'
import { call, segment } from './client.ts'

export type { CardLoginStatus, RegistrationStatus, ReproofStatus, Session, TapOpened }
export type Authenticator = AuthenticatorList['authenticators'][number]
export type KeyUse = NonNullable<CompleteRegistration['keyUse']>

// The server hands on what its WebAuthn library made, in the form of WebAuthn L3 that the browser's library reads.
type Creation = RegistrationStarted & { readonly options: PublicKeyCredentialCreationOptionsJSON }
type Request = CeremonyStarted & { readonly options: PublicKeyCredentialRequestOptionsJSON }

const BASE = '/api/authenticator'

export async function currentSession(): Promise<Session | null> {
  const { session } = await call<SessionAnswer>('GET', `${BASE}/session`)
  return session
}

export function openRegistration(): Promise<Creation> {
  return call('POST', `${BASE}/registrations`, {})
}

export function completeRegistration(
  registrationId: string,
  response: RegistrationResponseJSON,
  keyUse: KeyUse,
): Promise<TapOpened> {
  const path = `${BASE}/registrations/${segment(registrationId)}/response`
  return call('POST', path, { response, keyUse })
}

export function registrationByTicket(ticket: string): Promise<RegistrationStatus> {
  return call('GET', `${BASE}/registrations/by-ticket/${segment(ticket)}`)
}

/** For the passkey of `registrationId` alone, if given. */
export function openLogin(registrationId?: string): Promise<Request> {
  return call('POST', `${BASE}/login`, registrationId === undefined ? {} : { registrationId })
}

export function completeLogin(
  ceremonyId: string,
  response: AuthenticationResponseJSON,
): Promise<LoggedIn> {
  return call('POST', `${BASE}/login/${segment(ceremonyId)}`, { response })
}

export function openCardLogin(returnPath: string): Promise<TapOpened> {
  return call('POST', `${BASE}/card-login`, { returnPath })
}

export function cardLoginByTicket(ticket: string): Promise<CardLoginStatus> {
  return call('GET', `${BASE}/card-login/by-ticket/${segment(ticket)}`)
}

/** `consent`: the card signs as well that the latest attributes may be fetched. */
export function openReproof(
  returnPath: string,
  purpose: StartReproof['purpose'],
): Promise<TapOpened> {
  return call('POST', `${BASE}/reproof`, { returnPath, purpose })
}

export function reproofByTicket(ticket: string): Promise<ReproofStatus> {
  return call('GET', `${BASE}/reproof/by-ticket/${segment(ticket)}`)
}

export function logOut(): Promise<object> {
  return call('POST', `${BASE}/logout`, {})
}

export function listAuthenticators(): Promise<AuthenticatorList> {
  return call('GET', `${BASE}/authenticators`)
}

export function changeAuthenticator(
  authenticatorId: string,
  change: 'suspend' | 'resume' | 'revoke',
): Promise<object> {
  return call('POST', `${BASE}/authenticators/${segment(authenticatorId)}/${change}`, {})
}
