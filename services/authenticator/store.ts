import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, or } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Authenticator, AuthenticatorState, Ceremony, CeremonyKind, Session } from './model.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

/** Every transition is a conditional write: it says whether it happened. */
export class AuthenticatorStore {
  readonly #tables: typeof sqlite

  constructor(database: UnitOfWork) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  // Ceremonies

  /** False when a ceremony with this challenge was there before. */
  async addCeremony(tx: Tx, ceremony: Ceremony): Promise<boolean> {
    const { ceremonies } = this.#tables
    const rows = await tx
      .insert(ceremonies)
      .values(ceremony)
      .onConflictDoNothing()
      .returning({ id: ceremonies.id })
    return rows.length > 0
  }

  async ceremony(tx: Tx, kind: CeremonyKind, id: string): Promise<Ceremony | undefined> {
    const { ceremonies } = this.#tables
    const [row] = await tx
      .select()
      .from(ceremonies)
      .where(and(eq(ceremonies.id, id), eq(ceremonies.kind, kind)))
    return row
  }

  async ceremonyByTicket(
    tx: Tx,
    kind: CeremonyKind,
    ticketHash: string,
  ): Promise<Ceremony | undefined> {
    const { ceremonies } = this.#tables
    const [row] = await tx
      .select()
      .from(ceremonies)
      .where(and(eq(ceremonies.ticketHash, ticketHash), eq(ceremonies.kind, kind)))
    return row
  }

  /** Takes the ceremony's challenge; of two callers one gets true. */
  async takeCeremony(tx: Tx, id: string, now: Date): Promise<boolean> {
    const { ceremonies } = this.#tables
    const rows = await tx
      .update(ceremonies)
      .set({ consumedAt: now })
      .where(and(eq(ceremonies.id, id), isNull(ceremonies.consumedAt)))
      .returning({ id: ceremonies.id })
    return rows.length > 0
  }

  async noteOnCeremony(
    tx: Tx,
    id: string,
    note: Partial<
      Pick<Ceremony, 'proofingSessionId' | 'ticketHash' | 'authenticatorId' | 'sessionId'>
    >,
  ): Promise<void> {
    const { ceremonies } = this.#tables
    await tx.update(ceremonies).set(note).where(eq(ceremonies.id, id))
  }

  /** Makes room for a new ceremony over the same document, unless the old one was answered. */
  async dropUnansweredConsent(tx: Tx, sessionId: string, challenge: string): Promise<void> {
    const { ceremonies } = this.#tables
    await tx
      .delete(ceremonies)
      .where(
        and(
          eq(ceremonies.challenge, challenge),
          eq(ceremonies.kind, 'consent'),
          eq(ceremonies.sessionId, sessionId),
          isNull(ceremonies.consumedAt),
        ),
      )
  }

  // Authenticators

  /** False when this credential was registered before. */
  async addAuthenticator(tx: Tx, authenticator: Authenticator): Promise<boolean> {
    const { authenticators } = this.#tables
    const rows = await tx
      .insert(authenticators)
      .values(authenticator)
      .onConflictDoNothing()
      .returning({ id: authenticators.id })
    return rows.length > 0
  }

  async authenticator(tx: Tx, id: string): Promise<Authenticator | undefined> {
    const { authenticators } = this.#tables
    const [row] = await tx.select().from(authenticators).where(eq(authenticators.id, id))
    return row
  }

  async authenticatorByCredential(
    tx: Tx,
    credentialId: string,
  ): Promise<Authenticator | undefined> {
    const { authenticators } = this.#tables
    const [row] = await tx
      .select()
      .from(authenticators)
      .where(eq(authenticators.credentialId, credentialId))
    return row
  }

  async pendingByBinding(tx: Tx, bindingHash: string): Promise<Authenticator | undefined> {
    const { authenticators } = this.#tables
    const [row] = await tx
      .select()
      .from(authenticators)
      .where(and(eq(authenticators.bindingHash, bindingHash), eq(authenticators.state, 'pending')))
    return row
  }

  /** Every authenticator that was ever bound to the person, oldest first. */
  async authenticatorsOf(tx: Tx, subjectRef: string): Promise<readonly Authenticator[]> {
    const { authenticators } = this.#tables
    return tx
      .select()
      .from(authenticators)
      .where(eq(authenticators.subjectRef, subjectRef))
      .orderBy(asc(authenticators.createdAt), asc(authenticators.id))
  }

  /** False when the authenticator is not in the state `from`. */
  async changeState(
    tx: Tx,
    id: string,
    from: AuthenticatorState,
    change: { readonly state: AuthenticatorState; readonly reason: string } & Partial<
      Pick<Authenticator, 'subjectRef' | 'boundByProofingId' | 'boundAt'>
    >,
  ): Promise<boolean> {
    const { authenticators } = this.#tables
    const rows = await tx
      .update(authenticators)
      .set(change)
      .where(and(eq(authenticators.id, id), eq(authenticators.state, from)))
      .returning({ id: authenticators.id })
    return rows.length > 0
  }

  /** False when the authenticator is not active any more, or its counter is another than `expectedCounter`. */
  async recordUse(
    tx: Tx,
    id: string,
    expectedCounter: number,
    use: { readonly counter: number; readonly backedUp: boolean; readonly lastUsedAt: Date },
  ): Promise<boolean> {
    const { authenticators } = this.#tables
    const rows = await tx
      .update(authenticators)
      .set(use)
      .where(
        and(
          eq(authenticators.id, id),
          eq(authenticators.state, 'active'),
          eq(authenticators.counter, expectedCounter),
        ),
      )
      .returning({ id: authenticators.id })
    return rows.length > 0
  }

  // Sessions

  async addSession(tx: Tx, session: Session): Promise<void> {
    await tx.insert(this.#tables.sessions).values(session)
  }

  async session(tx: Tx, id: string): Promise<Session | undefined> {
    const { sessions } = this.#tables
    const [row] = await tx.select().from(sessions).where(eq(sessions.id, id))
    return row
  }

  async sessionByToken(tx: Tx, tokenHash: string): Promise<Session | undefined> {
    const { sessions } = this.#tables
    const [row] = await tx.select().from(sessions).where(eq(sessions.tokenHash, tokenHash))
    return row
  }

  /** Sessions that nobody ended; some of them may have run out of time. */
  async openSessions(
    tx: Tx,
    of: { readonly subjectRef: string } | { readonly authenticatorId: string },
  ): Promise<readonly Session[]> {
    const { sessions } = this.#tables
    const owner =
      'subjectRef' in of
        ? eq(sessions.subjectRef, of.subjectRef)
        : eq(sessions.authenticatorId, of.authenticatorId)
    return tx
      .select()
      .from(sessions)
      .where(and(owner, isNull(sessions.endedAt)))
      .orderBy(desc(sessions.authenticatedAt))
  }

  /** Sessions that nobody ended and whose time is up, longest idle first. */
  async sessionsOver(
    tx: Tx,
    { now, idleSince, limit }: Record<'now' | 'idleSince', Date> & { readonly limit: number },
  ): Promise<readonly Session[]> {
    const { sessions } = this.#tables
    const over = or(lte(sessions.expiresAt, now), lte(sessions.lastActiveAt, idleSince))
    return tx
      .select()
      .from(sessions)
      .where(and(isNull(sessions.endedAt), over))
      .orderBy(asc(sessions.lastActiveAt))
      .limit(limit)
  }

  /** False when it had ended before. */
  async endSession(tx: Tx, id: string, endedAt: Date): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set({ endedAt })
      .where(and(eq(sessions.id, id), isNull(sessions.endedAt)))
      .returning({ id: sessions.id })
    return rows.length > 0
  }

  async touchSession(tx: Tx, id: string, now: Date): Promise<void> {
    const { sessions } = this.#tables
    await tx
      .update(sessions)
      .set({ lastActiveAt: now })
      .where(and(eq(sessions.id, id), isNull(sessions.endedAt), lt(sessions.lastActiveAt, now)))
  }

  /** A new ceremony inside of a session. False when it has ended. */
  async renewSession(
    tx: Tx,
    id: string,
    renewal: Pick<
      Session,
      | 'method'
      | 'authenticatorId'
      | 'auth'
      | 'boundByProofingId'
      | 'authenticatedAt'
      | 'lastActiveAt'
      | 'expiresAt'
    >,
  ): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set(renewal)
      .where(and(eq(sessions.id, id), isNull(sessions.endedAt)))
      .returning({ id: sessions.id })
    return rows.length > 0
  }

  async noteUse(tx: Tx, sessionId: string, rpId: string, usedAt: Date): Promise<void> {
    const { sessionUses } = this.#tables
    await tx
      .insert(sessionUses)
      .values({ sessionId, rpId, usedAt })
      .onConflictDoUpdate({
        target: [sessionUses.sessionId, sessionUses.rpId],
        set: { usedAt },
      })
  }

  async usesOf(
    tx: Tx,
    sessionId: string,
  ): Promise<readonly { readonly rpId: string; readonly usedAt: Date }[]> {
    const { sessionUses } = this.#tables
    return tx.select().from(sessionUses).where(eq(sessionUses.sessionId, sessionId))
  }

  /** Sessions of the person that were used at the relying party and that nobody ended, freshest first. */
  async openSessionsAt(tx: Tx, subjectRef: string, rpId: string): Promise<readonly Session[]> {
    const { sessions, sessionUses } = this.#tables
    const rows = await tx
      .select({ session: sessions })
      .from(sessions)
      .innerJoin(sessionUses, eq(sessionUses.sessionId, sessions.id))
      .where(
        and(
          eq(sessions.subjectRef, subjectRef),
          eq(sessionUses.rpId, rpId),
          isNull(sessions.endedAt),
        ),
      )
      .orderBy(desc(sessions.authenticatedAt))
    return rows.map((row) => row.session)
  }

  // Erasure and housekeeping

  /** Deletes whatever this service knows of the person. */
  async eraseSubject(tx: Tx, subjectRef: string): Promise<void> {
    const { authenticators, ceremonies, sessions, sessionUses } = this.#tables
    const ids = tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(eq(sessions.subjectRef, subjectRef))
    await tx.delete(sessionUses).where(inArray(sessionUses.sessionId, ids))
    await tx.delete(sessions).where(eq(sessions.subjectRef, subjectRef))
    await tx.delete(ceremonies).where(eq(ceremonies.subjectRef, subjectRef))
    await tx
      .delete(authenticators)
      .where(
        or(
          eq(authenticators.subjectRef, subjectRef),
          eq(authenticators.expectedSubjectRef, subjectRef),
        ),
      )
  }

  /** Deletes ceremonies, ended sessions and never bound passkeys whose time was over before `before`. */
  async sweep(tx: Tx, before: Date): Promise<void> {
    const { authenticators, ceremonies, sessions, sessionUses } = this.#tables
    await tx.delete(ceremonies).where(lt(ceremonies.expiresAt, before))
    // The end of a session is told before it is forgotten.
    const over = and(lt(sessions.expiresAt, before), isNotNull(sessions.endedAt))
    const ids = tx.select({ id: sessions.id }).from(sessions).where(over)
    await tx.delete(sessionUses).where(inArray(sessionUses.sessionId, ids))
    await tx.delete(sessions).where(over)
    await tx
      .delete(authenticators)
      .where(and(isNull(authenticators.subjectRef), lt(authenticators.pendingUntil, before)))
  }
}
