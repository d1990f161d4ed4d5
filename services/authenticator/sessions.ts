import type { Tx } from '../database/unit-of-work.ts'
import { opaqueId, randomToken } from '../kernel/random.ts'
import { publish } from './ceremonies.ts'
import { isLive, timeIsUp, toLiveSession, TOUCH_AFTER_MS } from './decide-session.ts'
import type { AuthenticatorContext } from './dependencies.ts'
import type { Session } from './model.ts'
import type { SessionPort } from './ports.ts'
import { readCookie, SESSION_COOKIE, tokenDigest } from './session-cookie.ts'

/** What a successful ceremony says of a session. */
export type SessionGrounds = Pick<
  Session,
  'subjectRef' | 'method' | 'authenticatorId' | 'auth' | 'boundByProofingId' | 'authenticatedAt'
>

export interface StartedSession {
  readonly session: Session
  /** Goes into the cookie; only its digest is stored. */
  readonly token: string
}

export type EndReason =
  | 'LOGOUT'
  | 'REPLACED'
  | 'EXPIRED'
  | 'AUTHENTICATOR_SUSPENDED'
  | 'AUTHENTICATOR_REVOKED'
  | 'PERSON_ENDED'
  | 'SUBJECT_ERASED'

/** A session that is not stored yet. */
export function newSession(context: AuthenticatorContext, grounds: SessionGrounds): StartedSession {
  const token = randomToken(context.random)
  const session: Session = {
    id: opaqueId(context.random),
    tokenHash: tokenDigest(token),
    ...grounds,
    ...sessionTimes(context, grounds.authenticatedAt),
    endedAt: null,
  }
  return { session, token }
}

export function sessionTimes(
  context: AuthenticatorContext,
  authenticatedAt: Date,
): Pick<Session, 'lastActiveAt' | 'expiresAt'> {
  return {
    lastActiveAt: context.clock.now(),
    expiresAt: new Date(authenticatedAt.getTime() + context.sessionLimits.absoluteMs),
  }
}

/**
 * Stores a new session and tells of the ceremony behind it. The session that the browser had before ends (a token is
 * never used on across a login); of the same person, its relying parties go over to the new one.
 */
export async function startSession(
  context: AuthenticatorContext,
  tx: Tx,
  session: Session,
  previousToken: string | undefined,
): Promise<void> {
  await context.store.addSession(tx, session)
  const previous =
    previousToken === undefined
      ? undefined
      : await context.store.sessionByToken(tx, tokenDigest(previousToken))
  if (previous !== undefined && isLive(previous, context.sessionLimits, session.lastActiveAt)) {
    if (previous.subjectRef === session.subjectRef) {
      for (const use of await context.store.usesOf(tx, previous.id)) {
        await context.store.noteUse(tx, session.id, use.rpId, use.usedAt)
      }
    }
    await endSessions(context, tx, [previous], 'REPLACED')
  }
  await publishPerformed(context, tx, session)
}

export async function publishPerformed(
  context: AuthenticatorContext,
  tx: Tx,
  session: Session,
): Promise<void> {
  await publish(context, tx, {
    type: 'AuthenticationPerformed',
    sessionId: session.id,
    subjectRef: session.subjectRef,
    authenticatorId: session.authenticatorId,
    environment: context.environment,
    facts: session.auth,
    at: session.authenticatedAt,
  })
}

/**
 * Ends sessions, each with its event; one that had ended before is left alone. One whose time was up has ended by that, and
 * then, whatever the reason is that it is ended for now.
 */
export async function endSessions(
  context: AuthenticatorContext,
  tx: Tx,
  sessions: readonly Session[],
  reason: EndReason,
): Promise<void> {
  const now = context.clock.now()
  for (const session of sessions) {
    const expired = !isLive(session, context.sessionLimits, now)
    const at = expired ? timeIsUp(session, context.sessionLimits) : now
    if (!(await context.store.endSession(tx, session.id, at))) continue
    const ended = expired ? 'EXPIRED' : reason
    await publish(context, tx, {
      type: 'SessionEnded',
      sessionId: session.id,
      subjectRef: session.subjectRef,
      reason: ended,
      lostAtRpIds: LOSSES.includes(ended) ? await lostAt(context, tx, session) : [],
      at,
    })
  }
}

/** Ends that nobody foresaw. Who logs out, or stays away, is not followed over the relying parties. */
const LOSSES: readonly EndReason[] = [
  'AUTHENTICATOR_SUSPENDED',
  'AUTHENTICATOR_REVOKED',
  'PERSON_ENDED',
]

/** Relying parties at which this session was used and the person has no other live one. */
async function lostAt(
  context: AuthenticatorContext,
  tx: Tx,
  { id, subjectRef }: Session,
): Promise<readonly string[]> {
  const lost: string[] = []
  for (const { rpId } of await context.store.usesOf(tx, id)) {
    const others = await context.store.openSessionsAt(tx, subjectRef, rpId)
    const now = context.clock.now()
    if (!others.some((other) => isLive(other, context.sessionLimits, now))) lost.push(rpId)
  }
  return lost
}

const EXPIRED_PAGE = 200

/** Tells of sessions that ended by time alone; a bounded number at each call. */
export async function endExpiredSessions(context: AuthenticatorContext): Promise<void> {
  const now = context.clock.now()
  await context.database.run(async (tx) => {
    const idleSince = new Date(now.getTime() - context.sessionLimits.idleMs)
    const over = await context.store.sessionsOver(tx, { now, idleSince, limit: EXPIRED_PAGE })
    await endSessions(context, tx, over, 'EXPIRED')
  })
}

/** The live session of a browser, marked as active. */
export async function currentSession(
  context: AuthenticatorContext,
  cookieHeader: string | undefined,
): Promise<Session | undefined> {
  const token = readCookie(cookieHeader, SESSION_COOKIE)
  if (token === undefined) return undefined
  const now = context.clock.now()
  const session = await context.database.read((tx) =>
    context.store.sessionByToken(tx, tokenDigest(token)),
  )
  if (session === undefined || !isLive(session, context.sessionLimits, now)) return undefined
  if (now.getTime() - session.lastActiveAt.getTime() < TOUCH_AFTER_MS) return session
  await context.database.run((tx) => context.store.touchSession(tx, session.id, now))
  return { ...session, lastActiveAt: now }
}

export async function logOut(
  context: AuthenticatorContext,
  cookieHeader: string | undefined,
): Promise<void> {
  const session = await currentSession(context, cookieHeader)
  if (session === undefined) return
  await context.database.run((tx) => endSessions(context, tx, [session], 'LOGOUT'))
}

/** The sessions as other services see them. */
export function createSessionPort(context: AuthenticatorContext): SessionPort {
  const live = (session: Session | undefined) =>
    session !== undefined && isLive(session, context.sessionLimits, context.clock.now())
      ? toLiveSession(session)
      : undefined
  return {
    async current(cookieHeader) {
      return live(await currentSession(context, cookieHeader))
    },
    async byId(sessionId) {
      return live(await context.database.read((tx) => context.store.session(tx, sessionId)))
    },
    async latestFor(subjectRef, rpId) {
      const sessions = await context.database.read((tx) =>
        context.store.openSessionsAt(tx, subjectRef, rpId),
      )
      return sessions.map(live).find((session) => session !== undefined)
    },
    async noteUse(sessionId, rpId) {
      const now = context.clock.now()
      await context.database.run((tx) => context.store.noteUse(tx, sessionId, rpId, now))
    },
  }
}
