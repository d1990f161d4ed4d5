import type { Json } from '../kernel/canonical-json.ts'
import { toBase64Url, toHex } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import { opaqueId } from '../kernel/random.ts'
import type { OpenedProofing } from '../proofing/ports.ts'
import type { RegistrationResponse } from './api.ts'
import { bindCredential } from './bind-credential.ts'
import { bindingHash } from './binding-hash.ts'
import { newCeremony, publishRefusal, refuse, takeCeremony, type Refused } from './ceremonies.ts'
import {
  BINDING_TTL_MS,
  MAXIMUM_AUTHENTICATORS,
  type AuthenticatorContext,
} from './dependencies.ts'
import type { Authenticator, Ceremony, Session } from './model.ts'
import { tokenDigest } from './session-cookie.ts'
import { creationOptions, verifyRegistration, type NewCredential } from './webauthn.ts'

export type BegunRegistration =
  { readonly outcome: 'begun'; readonly registrationId: string; readonly options: Json } | Refused

/**
 * Starts a registration. Who the person is will be said by the card; if somebody is logged in, it must say the same.
 */
export async function beginRegistration(
  context: AuthenticatorContext,
  browser: string,
  session: Session | undefined,
): Promise<BegunRegistration> {
  const challenge = context.random.bytes(32)
  // Not the person's id: nobody knows the person yet, and what lies in a passkey store shall tell nothing.
  const userHandle = context.random.bytes(32)
  const ceremony = newCeremony(context, {
    kind: 'registration',
    challenge: toBase64Url(challenge),
    holder: tokenDigest(browser),
    userHandle: toBase64Url(userHandle),
    subjectRef: session?.subjectRef ?? null,
  })
  const own = session ? await keptAuthenticators(context, session.subjectRef) : []
  if (own.length >= MAXIMUM_AUTHENTICATORS) {
    return refuse(context, { ceremonyId: ceremony.id, reason: 'TOO_MANY_AUTHENTICATORS' })
  }
  const options = await creationOptions({
    rpId: context.rpId,
    rpName: context.rpName,
    challenge,
    userHandle,
    userName: `${context.rpName} ${minuteInJapan(context.clock.now())}`,
    exclude: own.map((one) => ({ id: one.credentialId, transports: one.transports })),
  })
  await context.database.run((tx) => context.store.addCeremony(tx, ceremony))
  return { outcome: 'begun', registrationId: ceremony.id, options }
}

// The list of a device's passkeys shows nothing else, and two of one day must be told apart. `sv` writes dates as ISO 8601 does.
const MINUTE = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'short',
  timeZone: 'Asia/Tokyo',
})

function minuteInJapan(at: Date): string {
  return MINUTE.format(at)
}

async function keptAuthenticators(
  context: AuthenticatorContext,
  subjectRef: string,
): Promise<readonly Authenticator[]> {
  const all = await context.database.read((tx) => context.store.authenticatorsOf(tx, subjectRef))
  return all.filter((one) => one.state === 'active' || one.state === 'suspended')
}

export interface CompleteRegistrationCommand {
  readonly registrationId: string
  readonly browser: string
  readonly response: RegistrationResponse
  /** 署名用 (`signature`), or 利用者証明用 for a person who has no signature certificate. */
  readonly keyUse: 'signature' | 'authentication'
}

export type CompletedRegistration =
  { readonly outcome: 'tap_opened'; readonly agentUrl: string; readonly expiresAt: Date } | Refused

/**
 * Verifies the new credential, opens the proofing whose signature will vouch for it, and keeps it as pending.
 * @throws NotFound for a registration that never was
 */
export async function completeRegistration(
  context: AuthenticatorContext,
  command: CompleteRegistrationCommand,
): Promise<CompletedRegistration> {
  const holder = tokenDigest(command.browser)
  const taken = await takeCeremony(context, 'registration', command.registrationId, holder)
  if (taken.outcome === 'refused') return taken
  const { ceremony } = taken
  const verdict = await verifyRegistration(command.response, {
    challenge: ceremony.challenge,
    origin: context.origin(),
    rpId: context.rpId,
  })
  if (verdict.outcome === 'refused') {
    return refuse(context, { ceremonyId: ceremony.id, reason: verdict.reason })
  }
  const authenticator = pendingAuthenticator(context, ceremony, verdict.credential)
  const opened = await context.proofing.open({
    purpose: 'enrol',
    rpId: '',
    bindingHash: bindingHash({ ...authenticator, challenge: ceremony.challenge }),
    keyUse: command.keyUse,
    returnPath: '/enrol/return',
  })
  // INVARIANT: the address of the card agent leaves this process after the pending credential is stored, so that no
  // proofing can come before it.
  const refused = await storePending(context, ceremony, authenticator, opened)
  if (refused !== undefined) return refused
  const expiresAt = earlier(opened.expiresAt, authenticator.pendingUntil)
  return { outcome: 'tap_opened', agentUrl: opened.agentUrl, expiresAt }
}

function earlier(a: Date, b: Date): Date {
  return a.getTime() < b.getTime() ? a : b
}

function pendingAuthenticator(
  context: AuthenticatorContext,
  ceremony: Ceremony,
  credential: NewCredential,
): Authenticator {
  const now = context.clock.now()
  const { rpId } = context
  return {
    id: opaqueId(context.random),
    subjectRef: null,
    expectedSubjectRef: ceremony.subjectRef,
    state: 'pending',
    reason: '',
    ...credential,
    rpId,
    userHandle: ceremony.userHandle ?? '',
    bindingHash: toHex(bindingHash({ ...credential, challenge: ceremony.challenge, rpId })),
    boundByProofingId: null,
    createdAt: now,
    pendingUntil: new Date(now.getTime() + BINDING_TTL_MS),
    boundAt: null,
    lastUsedAt: null,
  }
}

async function storePending(
  context: AuthenticatorContext,
  ceremony: Ceremony,
  authenticator: Authenticator,
  opened: OpenedProofing,
): Promise<Refused | undefined> {
  const at = context.clock.now()
  return context.database.run(async (tx) => {
    if (!(await context.store.addAuthenticator(tx, authenticator))) {
      const reason = 'CREDENTIAL_EXISTS'
      return publishRefusal(context, tx, { ceremonyId: ceremony.id, reason, at })
    }
    await context.store.noteOnCeremony(tx, ceremony.id, {
      authenticatorId: authenticator.id,
      proofingSessionId: opened.sessionId,
      ticketHash: tokenDigest(opened.ticket),
    })
    return undefined
  })
}

export interface RegistrationState {
  readonly registrationId: string
  readonly state: 'pending' | 'active' | 'refused' | 'indeterminate' | 'expired'
  readonly reason: string | null
}

/**
 * How far a registration is, asked by the browser that came back from the card agent. A proofing that passed is acted upon
 * here too, so that the person need not wait for its event.
 * @throws NotFound for an unknown ticket, or one of another browser
 */
export async function registrationState(
  context: AuthenticatorContext,
  ticket: string,
  browser: string,
): Promise<RegistrationState> {
  const { ceremony, authenticator } = await findByTicket(context, ticket, browser)
  const settled = settledState(ceremony.id, authenticator)
  if (settled !== undefined) return settled

  const result = await context.proofing.result(ceremony.proofingSessionId ?? '')
  const registrationId = ceremony.id
  switch (result.status) {
    case 'open':
      return context.clock.now().getTime() < authenticator.pendingUntil.getTime()
        ? { registrationId, state: 'pending', reason: null }
        : { registrationId, state: 'expired', reason: null }
    case 'expired':
      return { registrationId, state: 'expired', reason: null }
    case 'refused':
    case 'indeterminate':
      return { registrationId, state: result.status, reason: result.reason }
    case 'passed': {
      await context.database.run((tx) => bindCredential(context, tx, result))
      const after = await findByTicket(context, ticket, browser)
      return (
        settledState(registrationId, after.authenticator) ?? {
          registrationId,
          state: 'expired',
          reason: null,
        }
      )
    }
    default:
      return result satisfies never
  }
}

async function findByTicket(
  context: AuthenticatorContext,
  ticket: string,
  browser: string,
): Promise<{ readonly ceremony: Ceremony; readonly authenticator: Authenticator }> {
  const found = await context.database.read(async (tx) => {
    const ceremony = await context.store.ceremonyByTicket(tx, 'registration', tokenDigest(ticket))
    if (ceremony?.holder !== tokenDigest(browser)) return undefined
    const authenticator = await context.store.authenticator(tx, ceremony.authenticatorId ?? '')
    return authenticator && { ceremony, authenticator }
  })
  if (found === undefined) throw new NotFound('no such registration in this browser')
  return found
}

function settledState(
  registrationId: string,
  authenticator: Authenticator,
): RegistrationState | undefined {
  switch (authenticator.state) {
    case 'pending':
      return undefined
    case 'active':
    case 'suspended':
      return { registrationId, state: 'active', reason: null }
    case 'revoked':
      return { registrationId, state: 'refused', reason: authenticator.reason }
    default:
      return authenticator.state satisfies never
  }
}
