import type { LiveSession } from './ports.ts'
import type { Session } from './model.ts'

export interface SessionLimits {
  /** From the authentication to the end, whatever the person does. */
  readonly absoluteMs: number
  /** Without any activity. */
  readonly idleMs: number
}

/** SP 800-63B-3 §4.2.3 and stricter than 63B-4 §2.2.3. */
export const DEFAULT_LIMITS: SessionLimits = { absoluteMs: 12 * 3_600_000, idleMs: 30 * 60_000 }

/** How far `lastActiveAt` may lie behind, so that not every request writes. */
export const TOUCH_AFTER_MS = 60_000

export function isLive(session: Session, limits: SessionLimits, now: Date): boolean {
  return session.endedAt === null && now < timeIsUp(session, limits)
}

/** When a session ends that nobody uses any more. */
export function timeIsUp(
  { expiresAt, lastActiveAt }: Pick<Session, 'expiresAt' | 'lastActiveAt'>,
  { idleMs }: SessionLimits,
): Date {
  return new Date(Math.min(expiresAt.getTime(), lastActiveAt.getTime() + idleMs))
}

export function toLiveSession(session: Session): LiveSession {
  return {
    sessionId: session.id,
    subjectRef: session.subjectRef,
    authenticatorId: session.authenticatorId,
    authenticatedAt: session.authenticatedAt,
    lastActiveAt: session.lastActiveAt,
    expiresAt: session.expiresAt,
    auth: session.auth,
    ...(session.boundByProofingId === null ? {} : { boundByProofingId: session.boundByProofingId }),
  }
}
