import { Compile } from 'typebox/compile'
import { fromBase64Url, lengthPrefixed, toBase64Url } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { Conflict, InvalidInput } from '../kernel/errors.ts'
import { AssertionResponse } from './api.ts'
import { acceptAssertion, checkAssertion } from './assertions.ts'
import { logRefusal, newCeremony, publishRefusal, takeCeremony } from './ceremonies.ts'
import { isLive, toLiveSession } from './decide-session.ts'
import type { AuthenticatorContext } from './dependencies.ts'
import type { ConsentCeremonyOutcome, ConsentCeremonyPort, LiveSession } from './ports.ts'
import type { Session } from './model.ts'
import { publishPerformed, sessionTimes } from './sessions.ts'
import { requestOptions } from './webauthn.ts'

const assertionResponse = Compile(AssertionResponse)

/**
 * The ceremony by which a person signs a document: its SHA-256 is the challenge. A document must hold a random nonce, since
 * one digest is good for one answer. The answer is a login as well, so it renews the session.
 */
export function createConsentCeremonyPort(context: AuthenticatorContext): ConsentCeremonyPort {
  return {
    begin: (session, digest) => beginConsent(context, session, digest),
    complete: (session, ceremonyId, response) => {
      if (!assertionResponse.Check(response)) {
        throw new InvalidInput('response', 'an assertion in the JSON form of WebAuthn')
      }
      return completeConsent(context, session, ceremonyId, response)
    },
  }
}

async function beginConsent(
  context: AuthenticatorContext,
  session: LiveSession,
  digest: Uint8Array,
): ReturnType<ConsentCeremonyPort['begin']> {
  if (digest.length !== 32) throw new TypeError('the digest of a document is 32 bytes')
  const { sessionId, subjectRef } = session
  const all = await context.database.read((tx) => context.store.authenticatorsOf(tx, subjectRef))
  const usable = all.filter((one) => one.state === 'active')
  if (usable.length === 0) throw new Conflict('this person has no active passkey to consent with')
  const ceremony = newCeremony(context, {
    kind: 'consent',
    challenge: toBase64Url(digest),
    holder: sessionId,
    sessionId,
    subjectRef,
  })
  const options = await requestOptions({
    rpId: context.rpId,
    challenge: digest,
    allow: usable.map((one) => ({ id: one.credentialId, transports: one.transports })),
  })
  const added = await context.database.run(async (tx) => {
    await context.store.dropUnansweredConsent(tx, sessionId, ceremony.challenge)
    return context.store.addCeremony(tx, ceremony)
  })
  if (!added) throw new Conflict('this document was answered before')
  return { ceremonyId: ceremony.id, options }
}

async function completeConsent(
  context: AuthenticatorContext,
  session: LiveSession,
  ceremonyId: string,
  response: AssertionResponse,
): Promise<ConsentCeremonyOutcome> {
  const taken = await takeCeremony(context, 'consent', ceremonyId, session.sessionId)
  if (taken.outcome === 'refused') return taken
  const checked = await checkAssertion(context, taken.ceremony, response)
  if (checked.outcome === 'refused') return checked

  const now = context.clock.now()
  const result = await context.database.run(async (tx) => {
    const current = await context.store.session(tx, session.sessionId)
    if (current === undefined || !isLive(current, context.sessionLimits, now)) {
      const { authenticator } = checked
      const reason = 'SESSION_ENDED'
      return publishRefusal(context, tx, { ceremonyId, authenticator, reason, at: now })
    }
    const accepted = await acceptAssertion(context, tx, checked, now)
    if (accepted.outcome === 'refused') return accepted
    const renewal = { ...accepted.grounds, ...sessionTimes(context, now) }
    const renewed: Session = { ...current, ...renewal }
    if (!(await context.store.renewSession(tx, current.id, renewal))) {
      throw new Conflict('the session ended meanwhile')
    }
    await publishPerformed(context, tx, renewed)
    return { outcome: 'accepted', session: renewed } as const
  })
  if (result.outcome === 'refused') {
    logRefusal(context, result.reason)
    return result
  }
  return {
    outcome: 'verified',
    ceremonyId,
    assertionDigest: assertionDigest(response),
    challenge: fromBase64Url(taken.ceremony.challenge),
    session: toLiveSession(result.session),
  }
}

/** SHA-256(LP(credential id, authenticator data, client data, signature)): names one assertion for the ledger. */
function assertionDigest({ id, response }: AssertionResponse): Uint8Array {
  return sha256(
    lengthPrefixed(
      fromBase64Url(id),
      fromBase64Url(response.authenticatorData),
      fromBase64Url(response.clientDataJSON),
      fromBase64Url(response.signature),
    ),
  )
}
