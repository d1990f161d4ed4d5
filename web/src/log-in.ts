import { completeLogin, openCardLogin, openLogin } from './api/authenticator.ts'
import { leaveFor, keepNext } from './parts/return-path.ts'
import { signWithPasskey } from './passkey.ts'

/** One login by passkey; the server sets the session's cookie. */
export async function logInWithPasskey(): Promise<void> {
  const { ceremonyId, options } = await openLogin()
  await completeLogin(ceremonyId, await signWithPasskey(options))
}

/** Sends the browser to the card agent; it comes back to `/login/return` and from there to `next`. */
export async function logInWithCard(next: string): Promise<void> {
  const { agentUrl } = await openCardLogin('/login/return')
  keepNext(next)
  leaveFor(agentUrl)
}
