import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { CertificateKind } from '../jpki/trust-anchor.ts'
import type { CheckUse } from './check-use.ts'
import type { CertificateStatusName } from './events.ts'
import type { Reason } from './reasons.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'
import { MAX_READS, MAX_SUBMISSIONS, type Session, type TokenType } from './session.ts'

export interface CertificateRow {
  readonly certificateRef: string
  readonly subjectRef: string
  readonly kind: CertificateKind
  readonly issuer: string
  readonly target: Uint8Array
  readonly notAfter: Date
  readonly status: CertificateStatusName
  readonly reason: string
  readonly lastGoodAt: Date
  readonly attributesFrom: string | null
}

export type ConsentRow = typeof sqlite.consents.$inferSelect

/** Revocation checks of one month, use, certificate kind and relying party. */
export interface CheckCount {
  /** `YYYY-MM`, UTC. */
  readonly month: string
  readonly use: CheckUse
  readonly kind: CertificateKind
  /** Empty where no relying party asked. */
  readonly rpId: string
  readonly count: number
}

/** Every transition is a conditional write: it says whether it happened. */
export class ProofingStore {
  readonly #tables: typeof sqlite

  constructor(database: UnitOfWork) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  async addSession(tx: Tx, session: Session): Promise<void> {
    await tx.insert(this.#tables.sessions).values({ ...session, reads: 0, submissions: 0 })
  }

  async session(tx: Tx, sessionId: string): Promise<Session | undefined> {
    const { sessions } = this.#tables
    const [row] = await tx.select().from(sessions).where(eq(sessions.sessionId, sessionId))
    return row
  }

  async sessionByTicket(tx: Tx, ticketHash: string): Promise<Session | undefined> {
    const { sessions } = this.#tables
    const [row] = await tx.select().from(sessions).where(eq(sessions.ticketHash, ticketHash))
    return row
  }

  async sessionByProofing(tx: Tx, proofingId: string): Promise<Session | undefined> {
    const { sessions } = this.#tables
    const [row] = await tx.select().from(sessions).where(eq(sessions.proofingId, proofingId))
    return row
  }

  /** Whether `count` sessions or more that expire after `expiresAfter` wait for a card. */
  async hasOpen(tx: Tx, expiresAfter: Date, count: number): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .select({ id: sessions.expiresAt })
      .from(sessions)
      .where(and(eq(sessions.status, 'open'), gt(sessions.expiresAt, expiresAfter)))
      .limit(1)
      .offset(count - 1)
    return rows.length > 0
  }

  /** Counts a reading of the challenge; false when the ticket has had enough of them. */
  async countRead(tx: Tx, sessionId: string): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set({ reads: sql`${sessions.reads} + 1` })
      .where(and(eq(sessions.sessionId, sessionId), lt(sessions.reads, MAX_READS)))
      .returning({ id: sessions.sessionId })
    return rows.length > 0
  }

  /** Counts a submission; false when the ticket has had enough of them. */
  async countSubmission(tx: Tx, sessionId: string): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set({ submissions: sql`${sessions.submissions} + 1` })
      .where(and(eq(sessions.sessionId, sessionId), lt(sessions.submissions, MAX_SUBMISSIONS)))
      .returning({ id: sessions.sessionId })
    return rows.length > 0
  }

  /** Takes the challenge of an open session; of two callers one gets true. */
  async take(
    tx: Tx,
    sessionId: string,
    taking: {
      readonly evidenceDigest: string
      readonly tokenType: TokenType
      readonly proofingId: string
      readonly takenAt: Date
    },
  ): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set({ ...taking, status: 'verifying' })
      .where(
        and(
          eq(sessions.sessionId, sessionId),
          eq(sessions.status, 'open'),
          gt(sessions.expiresAt, taking.takenAt),
        ),
      )
      .returning({ id: sessions.sessionId })
    return rows.length > 0
  }

  /** Ends a session that stands at `from`; false when another was faster. */
  async end(
    tx: Tx,
    sessionId: string,
    from: 'open' | 'verifying',
    end:
      | { readonly status: 'refused' | 'indeterminate'; readonly reason: Reason }
      | { readonly status: 'passed'; readonly subjectRef: string; readonly certificateRef: string },
  ): Promise<boolean> {
    const { sessions } = this.#tables
    const rows = await tx
      .update(sessions)
      .set(end)
      .where(and(eq(sessions.sessionId, sessionId), eq(sessions.status, from)))
      .returning({ id: sessions.sessionId })
    return rows.length > 0
  }

  async certificate(tx: Tx, certificateRef: string): Promise<CertificateRow | undefined> {
    const { certificates } = this.#tables
    const [row] = await tx
      .select()
      .from(certificates)
      .where(eq(certificates.certificateRef, certificateRef))
    return row
  }

  /** Subjects of the certificates among `refs` that are known. */
  async subjectsOf(tx: Tx, refs: readonly string[]): Promise<readonly string[]> {
    if (refs.length === 0) return []
    const { certificates } = this.#tables
    const rows = await tx
      .selectDistinct({ subjectRef: certificates.subjectRef })
      .from(certificates)
      .where(inArray(certificates.certificateRef, [...refs]))
    return rows.map(({ subjectRef }) => subjectRef)
  }

  async subjectOfPerson(tx: Tx, personRef: string): Promise<string | undefined> {
    const { persons } = this.#tables
    const [row] = await tx.select().from(persons).where(eq(persons.personRef, personRef))
    return row?.subjectRef
  }

  /** False when this person or subject is there already. */
  async addPerson(
    tx: Tx,
    person: { readonly subjectRef: string; readonly personRef: string; readonly enrolledAt: Date },
  ): Promise<boolean> {
    const { persons } = this.#tables
    const rows = await tx
      .insert(persons)
      .values(person)
      .onConflictDoNothing()
      .returning({ id: persons.subjectRef })
    return rows.length > 0
  }

  /** Keeps a certificate the first time that it proofs. */
  async addCertificate(tx: Tx, certificate: CertificateRow): Promise<void> {
    const { certificates } = this.#tables
    await tx.insert(certificates).values(certificate).onConflictDoNothing()
  }

  /** Certificates that have not expired at `now`, of one person or of all, after a reference, in order. */
  async liveCertificates(
    tx: Tx,
    now: Date,
    page: { readonly subjectRef?: string; readonly after: string; readonly limit: number },
  ): Promise<readonly CertificateRow[]> {
    const { certificates } = this.#tables
    const ofSubject =
      page.subjectRef === undefined ? [] : [eq(certificates.subjectRef, page.subjectRef)]
    return tx
      .select()
      .from(certificates)
      .where(
        and(
          gt(certificates.notAfter, now),
          gt(certificates.certificateRef, page.after),
          ...ofSubject,
        ),
      )
      .orderBy(asc(certificates.certificateRef))
      .limit(page.limit)
  }

  /** Those of these certificates that proofed somebody and have not expired at `now`. */
  async liveCertificatesAmong(
    tx: Tx,
    now: Date,
    refs: readonly string[],
  ): Promise<readonly CertificateRow[]> {
    const { certificates } = this.#tables
    return tx
      .select()
      .from(certificates)
      .where(and(gt(certificates.notAfter, now), inArray(certificates.certificateRef, [...refs])))
      .orderBy(asc(certificates.certificateRef))
  }

  /** Moves a certificate's status on from what it was; false when another was faster. */
  async changeStatus(
    tx: Tx,
    from: Pick<CertificateRow, 'certificateRef' | 'status' | 'reason'>,
    to: Pick<CertificateRow, 'status' | 'reason'>,
  ): Promise<boolean> {
    const { certificates } = this.#tables
    const rows = await tx
      .update(certificates)
      .set({ status: to.status, reason: to.reason })
      .where(
        and(
          eq(certificates.certificateRef, from.certificateRef),
          eq(certificates.status, from.status),
          eq(certificates.reason, from.reason),
        ),
      )
      .returning({ id: certificates.certificateRef })
    return rows.length > 0
  }

  /** Remembers until when the certificate was known for good. */
  async confirmGood(tx: Tx, certificateRef: string, lastGoodAt: Date): Promise<void> {
    const { certificates } = this.#tables
    await tx
      .update(certificates)
      .set({ lastGoodAt })
      .where(
        and(
          eq(certificates.certificateRef, certificateRef),
          lt(certificates.lastGoodAt, lastGoodAt),
        ),
      )
  }

  /** Proofings that rest on a certificate. */
  async proofingsOf(tx: Tx, certificateRef: string): Promise<readonly string[]> {
    const { sessions } = this.#tables
    const rows = await tx
      .select({ proofingId: sessions.proofingId })
      .from(sessions)
      .where(and(eq(sessions.certificateRef, certificateRef), eq(sessions.status, 'passed')))
      .orderBy(asc(sessions.sessionId))
    return rows.map(({ proofingId }) => proofingId).filter((id) => id !== null)
  }

  /** Every certificate of a person. */
  async certificatesOf(tx: Tx, subjectRef: string): Promise<readonly CertificateRow[]> {
    const { certificates } = this.#tables
    return tx
      .select()
      .from(certificates)
      .where(eq(certificates.subjectRef, subjectRef))
      .orderBy(asc(certificates.certificateRef))
  }

  /** What `from` brought, by the certificate `ref` or from elsewhere, is newer than what any other certificate said. */
  async noteNewestAttributes(
    tx: Tx,
    subjectRef: string,
    { from, ref }: { readonly from: string; readonly ref: string | null },
  ): Promise<void> {
    const { certificates } = this.#tables
    const ofPerson = and(
      eq(certificates.subjectRef, subjectRef),
      eq(certificates.kind, 'signature'),
    )
    await tx.update(certificates).set({ attributesFrom: from }).where(ofPerson)
    if (ref === null) return
    const own = eq(certificates.certificateRef, ref)
    await tx.update(certificates).set({ attributesFrom: null }).where(own)
  }

  /** Whether a deposit stands in the place of what some certificate said. */
  async isNewest(tx: Tx, depositId: string): Promise<boolean> {
    const { certificates } = this.#tables
    const rows = await tx
      .select({ ref: certificates.certificateRef })
      .from(certificates)
      .where(eq(certificates.attributesFrom, depositId))
      .limit(1)
    return rows.length > 0
  }

  async addConsent(tx: Tx, consent: ConsentRow): Promise<void> {
    await tx.insert(this.#tables.consents).values(consent)
  }

  async standingConsent(tx: Tx, subjectRef: string): Promise<ConsentRow | undefined> {
    const { consents } = this.#tables
    const [row] = await tx
      .select()
      .from(consents)
      .where(and(eq(consents.subjectRef, subjectRef), isNull(consents.withdrawnAt)))
    return row
  }

  /** False when it had ended before. */
  async endConsent(tx: Tx, consentId: string, withdrawnAt: Date): Promise<boolean> {
    const { consents } = this.#tables
    const rows = await tx
      .update(consents)
      .set({ withdrawnAt })
      .where(and(eq(consents.consentId, consentId), isNull(consents.withdrawnAt)))
      .returning({ id: consents.consentId })
    return rows.length > 0
  }

  /**
   * Persons whose attributes are out of date and who consented that they are fetched, in order. A certificate that has expired
   * is asked about no more.
   */
  async subjectsToRefresh(tx: Tx, now: Date, limit: number): Promise<readonly string[]> {
    const { certificates, consents } = this.#tables
    const rows = await tx
      .selectDistinct({ subjectRef: consents.subjectRef })
      .from(certificates)
      .innerJoin(consents, eq(consents.subjectRef, certificates.subjectRef))
      .where(
        and(
          gt(certificates.notAfter, now),
          eq(certificates.reason, 'affiliationChanged'),
          isNull(certificates.attributesFrom),
          eq(certificates.kind, 'signature'),
          isNull(consents.withdrawnAt),
          or(isNull(consents.retryAt), lte(consents.retryAt, now)),
        ),
      )
      .orderBy(asc(consents.subjectRef))
      .limit(limit)
    return rows.map(({ subjectRef }) => subjectRef)
  }

  async retryConsent(tx: Tx, consentId: string, retryAt: Date): Promise<void> {
    const { consents } = this.#tables
    await tx.update(consents).set({ retryAt }).where(eq(consents.consentId, consentId))
  }

  /** Consents that ended and whose end was not told yet. */
  async endedConsents(tx: Tx, limit: number): Promise<readonly ConsentRow[]> {
    const { consents } = this.#tables
    return tx
      .select()
      .from(consents)
      .where(and(eq(consents.endTold, false), isNotNull(consents.withdrawnAt)))
      .orderBy(asc(consents.withdrawnAt))
      .limit(limit)
  }

  /** The end was told; of an erased person nothing is left then. */
  async noteEndTold(tx: Tx, { consentId, subjectRef }: ConsentRow): Promise<void> {
    const { consents } = this.#tables
    const own = eq(consents.consentId, consentId)
    await tx.update(consents).set({ endTold: true }).where(own)
    if (subjectRef === '') await tx.delete(consents).where(own)
  }

  /** Notes that the person has the certificates checked; false when that was after `before`. */
  async takeCheck(tx: Tx, subjectRef: string, now: Date, before: Date): Promise<boolean> {
    const { persons } = this.#tables
    const rows = await tx
      .update(persons)
      .set({ checkedAt: now })
      .where(
        and(
          eq(persons.subjectRef, subjectRef),
          or(isNull(persons.checkedAt), lte(persons.checkedAt, before)),
        ),
      )
      .returning({ id: persons.subjectRef })
    return rows.length > 0
  }

  async crlNumber(tx: Tx, point: string): Promise<bigint | undefined> {
    const { crlNumbers } = this.#tables
    const [row] = await tx.select().from(crlNumbers).where(eq(crlNumbers.point, point))
    return row === undefined ? undefined : BigInt(row.number)
  }

  /** Keeps the highest number seen; a lower one changes nothing, whoever writes at the same time. */
  async rememberCrlNumber(tx: Tx, point: string, number: bigint): Promise<void> {
    const { crlNumbers } = this.#tables
    const text = number.toString()
    // Decimal texts without leading zeros: the longer one is the greater, of equally long ones the later.
    const isLower = or(
      lt(sql`length(${crlNumbers.number})`, text.length),
      and(eq(sql`length(${crlNumbers.number})`, text.length), lt(crlNumbers.number, text)),
    )
    await tx
      .insert(crlNumbers)
      .values({ point, number: text })
      .onConflictDoUpdate({
        target: crlNumbers.point,
        set: { number: text },
        ...(isLower === undefined ? {} : { setWhere: isLower }),
      })
  }

  /** Adds to what was counted before. */
  async addChecks(tx: Tx, counted: CheckCount): Promise<void> {
    const { checkCounts } = this.#tables
    const { month, use, kind, rpId } = checkCounts
    await tx
      .insert(checkCounts)
      .values(counted)
      .onConflictDoUpdate({
        target: [month, use, kind, rpId],
        set: { count: sql`${checkCounts.count} + ${counted.count}` },
      })
  }

  /** Everything that was counted in a month (`YYYY-MM`). */
  async checksIn(tx: Tx, month: string): Promise<readonly CheckCount[]> {
    const { checkCounts } = this.#tables
    return tx
      .select()
      .from(checkCounts)
      .where(eq(checkCounts.month, month))
      .orderBy(asc(checkCounts.rpId), asc(checkCounts.use), asc(checkCounts.kind))
  }

  /**
   * Deletes sessions that expired before `before`. INVARIANT: one that passed is the record of its proofing (the vault asks
   * for it, a change of its certificate names it), so it stays as long as the certificate is watched.
   */
  async sweep(tx: Tx, before: Date): Promise<void> {
    const { sessions, certificates } = this.#tables
    const ended = ['open', 'verifying', 'refused', 'indeterminate'] as const
    await tx
      .delete(sessions)
      .where(and(inArray(sessions.status, [...ended]), lt(sessions.expiresAt, before)))
    const unwatched = tx
      .select({ ref: certificates.certificateRef })
      .from(certificates)
      .where(lt(certificates.notAfter, before))
    await tx
      .delete(sessions)
      .where(
        and(
          eq(sessions.status, 'passed'),
          lt(sessions.expiresAt, before),
          inArray(sessions.certificateRef, unwatched),
        ),
      )
  }

  /**
   * Forgets a person: later taps of the same card make a new one. Sessions keep no link; a consent is kept without one until its
   * end was told.
   */
  async eraseSubject(tx: Tx, subjectRef: string, now: Date): Promise<void> {
    const { sessions, certificates, persons, consents } = this.#tables
    const ofPerson = eq(consents.subjectRef, subjectRef)
    await tx.delete(consents).where(and(ofPerson, eq(consents.endTold, true)))
    await tx
      .update(consents)
      .set({ withdrawnAt: now })
      .where(and(ofPerson, isNull(consents.withdrawnAt)))
    await tx.update(consents).set({ subjectRef: '' }).where(ofPerson)
    await tx.delete(certificates).where(eq(certificates.subjectRef, subjectRef))
    await tx.delete(persons).where(eq(persons.subjectRef, subjectRef))
    await tx.delete(sessions).where(eq(sessions.subjectRef, subjectRef))
  }
}
