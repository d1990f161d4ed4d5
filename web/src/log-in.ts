import { completeLogin, openCardLogin, openLogin, openReproof } from './api/authenticator.ts'
import { ApiError } from './api/client.ts'
import { visitCard } from './parts/card-visit.ts'
import { keepNext } from './parts/return-path.ts'
import { forgetPasskey, signWithPasskey } from './passkey.ts'

/** Refusals after which the passkey will never be good again. */
const DEAD: ReadonlySet<string> = new Set(['CREDENTIAL_UNKNOWN', 'AUTHENTICATOR_REVOKED'])

/** One login by passkey, by that of `registrationId` alone if given; the server sets the session's cookie. */
export async function logInWithPasskey(registrationId?: string): Promise<void> {
  const { ceremonyId, options } = await openLogin(registrationId)
  const response = await signWithPasskey(options)
  try {
    await completeLogin(ceremonyId, response)
  } catch (error) {
    const dead = error instanceof ApiError && DEAD.has(error.reason ?? '')
    if (dead) await forgetPasskey(options.rpId, response.id)
    throw error
  }
}

/** Sends the browser to the card agent; it comes back to `/login/return` and from there to `next`. */
export async function logInWithCard(next: string): Promise<void> {
  const tap = await openCardLogin('/login/return')
  keepNext(next)
  visitCard(tap)
}

/**
 * Has the card prove once more who the person is, and with `consent` sign one; the browser comes back to `/reproof/return` and
 * from there to `next`.
 */
export async function proveAgain(next: string, purpose: 'reproof' | 'consent'): Promise<void> {
  const tap = await openReproof('/reproof/return', purpose)
  keepNext(next)
  visitCard(tap)
}
