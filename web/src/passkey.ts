import {
  browserSupportsWebAuthn,
  bufferToBase64URLString,
  sendSignal,
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser'
import { ServiceError } from '../../services/kernel/errors.ts'

/** The device or the person did not finish a passkey ceremony. */
export class PasskeyError extends ServiceError {
  override readonly name = 'PasskeyError'
  readonly code: string

  constructor(code: string, options?: ErrorOptions) {
    super('the passkey ceremony did not finish', options)
    this.code = code
  }
}

const CODES: Readonly<Record<string, string>> = {
  ERROR_CEREMONY_ABORTED: 'PASSKEY_CANCELLED',
  ERROR_INVALID_DOMAIN: 'PASSKEY_WRONG_SITE',
  ERROR_INVALID_RP_ID: 'PASSKEY_WRONG_SITE',
  ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: 'PASSKEY_ALREADY_REGISTERED',
  ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT: 'PASSKEY_UNSUPPORTED',
  ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT: 'PASSKEY_UNSUPPORTED',
  ERROR_AUTHENTICATOR_NO_SUPPORTED_PUBKEYCREDPARAMS_ALG: 'PASSKEY_UNSUPPORTED',
}

/** The code for what the browser threw. WebAuthn L3 §14.5.1: a refusal and a timeout look the same on purpose. */
export function passkeyFailure(error: unknown): PasskeyError {
  if (!(error instanceof Error)) return new PasskeyError('PASSKEY_FAILED', { cause: error })
  if (error.name === 'NotAllowedError' || error.name === 'AbortError')
    return new PasskeyError('PASSKEY_CANCELLED', { cause: error })
  const code = error instanceof WebAuthnError ? CODES[error.code] : undefined
  return new PasskeyError(code ?? 'PASSKEY_FAILED', { cause: error })
}

async function ceremony<Response>(start: () => Promise<Response>): Promise<Response> {
  if (!browserSupportsWebAuthn()) throw new PasskeyError('PASSKEY_UNSUPPORTED')
  try {
    return await start()
  } catch (error) {
    throw passkeyFailure(error)
  }
}

export function makePasskey(
  options: PublicKeyCredentialCreationOptionsJSON,
): Promise<RegistrationResponseJSON> {
  return ceremony(() => startRegistration({ optionsJSON: options }))
}

export function signWithPasskey(
  options: PublicKeyCredentialRequestOptionsJSON,
): Promise<AuthenticationResponseJSON> {
  return ceremony(() => startAuthentication({ optionsJSON: options }))
}

/** Tells the device that a passkey is of no use here any more, so that it need not offer it; devices that cannot be told keep it. */
export async function forgetPasskey(rpId: string | undefined, credentialId: string): Promise<void> {
  try {
    await sendSignal({
      signalName: 'unknownCredential',
      rpID: rpId ?? location.hostname,
      credentialID: credentialId,
    })
  } catch {
    return // WebAuthn L3 §5.1.10 lets a client ignore it, and older ones do not know it
  }
}

/**
 * Refuses to sign unless the challenge is the SHA-256 of `document`: the person signs this text and no other.
 * Throws `CONSENT_DOCUMENT_MISMATCH`.
 */
export async function checkSigned(document: string, challenge: string): Promise<void> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(document))
  if (bufferToBase64URLString(digest) !== challenge)
    throw new PasskeyError('CONSENT_DOCUMENT_MISMATCH')
}
