import type { Json } from '../kernel/canonical-json.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import type { AssertionResponse } from './api.ts'
import { acceptAssertion, checkAssertion } from './assertions.ts'
import { logRefusal, newCeremony, takeCeremony, type Refused } from './ceremonies.ts'
import type { AuthenticatorContext } from './dependencies.ts'
import type { Authenticator } from './model.ts'
import { tokenDigest } from './session-cookie.ts'
import { newSession, startSession, type StartedSession } from './sessions.ts'
import { requestOptions } from './webauthn.ts'

/**
 * Starts a login by passkey; whoever the person is, the passkey they choose will say. After a registration it names the
 * passkey just made, since the device may hold others that no card ever vouched for.
 * @throws NotFound for a registration that made no passkey, or one of another browser
 */
export async function beginLogin(
  context: AuthenticatorContext,
  browser: string,
  registrationId?: string,
): Promise<{ readonly ceremonyId: string; readonly options: Json }> {
  const challenge = context.random.bytes(32)
  const made =
    registrationId === undefined ? undefined : await justMade(context, browser, registrationId)
  const ceremony = newCeremony(context, {
    kind: 'login',
    challenge: toBase64Url(challenge),
    holder: tokenDigest(browser),
    authenticatorId: made?.id ?? null,
  })
  const options = await requestOptions({
    rpId: context.rpId,
    challenge,
    ...(made && { allow: [{ id: made.credentialId, transports: made.transports }] }),
  })
  await context.database.run((tx) => context.store.addCeremony(tx, ceremony))
  return { ceremonyId: ceremony.id, options }
}

async function justMade(
  context: AuthenticatorContext,
  browser: string,
  registrationId: string,
): Promise<Authenticator> {
  const made = await context.database.read(async (tx) => {
    const ceremony = await context.store.ceremony(tx, 'registration', registrationId)
    if (ceremony?.holder !== tokenDigest(browser)) return undefined
    return context.store.authenticator(tx, ceremony.authenticatorId ?? '')
  })
  if (made === undefined) throw new NotFound('no such registration in this browser')
  return made
}

export interface CompleteLoginCommand {
  readonly ceremonyId: string
  readonly browser: string
  readonly response: AssertionResponse
  /** The session token that the browser had. */
  readonly previousToken: string | undefined
}

/**
 * Ends a login: takes the challenge, verifies, records, starts the session.
 * @throws NotFound for a ceremony that never was
 */
export async function completeLogin(
  context: AuthenticatorContext,
  command: CompleteLoginCommand,
): Promise<({ readonly outcome: 'logged_in' } & StartedSession) | Refused> {
  const holder = tokenDigest(command.browser)
  const taken = await takeCeremony(context, 'login', command.ceremonyId, holder)
  if (taken.outcome === 'refused') return taken
  const checked = await checkAssertion(context, taken.ceremony, command.response)
  if (checked.outcome === 'refused') return checked

  const now = context.clock.now()
  const result = await context.database.run(async (tx) => {
    const accepted = await acceptAssertion(context, tx, checked, now)
    if (accepted.outcome === 'refused') return accepted
    const started = newSession(context, accepted.grounds)
    await startSession(context, tx, started.session, command.previousToken)
    return { outcome: 'logged_in', ...started } as const
  })
  if (result.outcome === 'refused') logRefusal(context, result.reason)
  else context.log.info('AUTHENTICATION_PERFORMED', { service: 'authenticator' })
  return result
}
