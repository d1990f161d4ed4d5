import { and, eq, gt, inArray, lt, or, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'
import { MAX_READS, MAX_SUBMISSIONS, RETRY_WINDOW } from './session.ts'
import type { SignatureReason, SignatureRow } from './signature.ts'

/** Signatures on documents. Every transition is a conditional write: it says whether it happened. */
export class SignatureStore {
  readonly #table: typeof sqlite.signatures

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#table = tablesFor(database.dialect, sqlite, postgres).signatures
  }

  async add(tx: Tx, row: SignatureRow): Promise<void> {
    await tx.insert(this.#table).values({ ...row, reads: 0, submissions: 0 })
  }

  async find(tx: Tx, signatureId: string): Promise<SignatureRow | undefined> {
    const t = this.#table
    const [row] = await tx.select().from(t).where(eq(t.signatureId, signatureId))
    return row
  }

  async byTicket(tx: Tx, ticketHash: string): Promise<SignatureRow | undefined> {
    const t = this.#table
    const [row] = await tx.select().from(t).where(eq(t.ticketHash, ticketHash))
    return row
  }

  /** Whether a relying party asked for `count` signatures or more after `after` that are kept. */
  async hasAsked(tx: Tx, rpId: string, after: Date, count: number): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .select({ at: t.requestedAt })
      .from(t)
      .where(and(eq(t.rpId, rpId), gt(t.requestedAt, after)))
      .limit(1)
      .offset(count - 1)
    return rows.length > 0
  }

  /** Gives a request that waits to a person, with a ticket; the one before is void. */
  async open(
    tx: Tx,
    signatureId: string,
    opening: {
      readonly subjectRef: string
      readonly ticketHash: string
      readonly returnPath: string
      readonly signingTime: Date
    },
  ): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .update(t)
      .set({ ...opening, status: 'open', reads: 0, submissions: 0 })
      .where(
        and(
          eq(t.signatureId, signatureId),
          inArray(t.status, ['requested', 'open']),
          gt(t.expiresAt, opening.signingTime),
        ),
      )
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  /** Counts a reading of the document; false when the ticket has had enough of them. */
  async countRead(tx: Tx, signatureId: string): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .update(t)
      .set({ reads: sql`${t.reads} + 1` })
      .where(and(eq(t.signatureId, signatureId), lt(t.reads, MAX_READS)))
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  /** Counts a submission; false when the ticket has had enough of them. */
  async countSubmission(tx: Tx, signatureId: string): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .update(t)
      .set({ submissions: sql`${t.submissions} + 1` })
      .where(and(eq(t.signatureId, signatureId), lt(t.submissions, MAX_SUBMISSIONS)))
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  /** Takes an open request for one submission; of two callers one gets true. */
  async take(
    tx: Tx,
    { signatureId, ticketHash }: Pick<SignatureRow, 'signatureId' | 'ticketHash'>,
    taking: { readonly evidenceDigest: string; readonly takenAt: Date },
  ): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .update(t)
      .set({ ...taking, status: 'verifying' })
      .where(
        and(
          eq(t.signatureId, signatureId),
          eq(t.status, 'open'),
          // Not one that was given to another person, or out again, in between.
          eq(t.ticketHash, ticketHash ?? ''),
          gt(t.expiresAt, taking.takenAt),
        ),
      )
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  /** Ends a request that stands at `from`; false when another was faster. */
  async end(
    tx: Tx,
    signatureId: string,
    from: 'open' | 'verifying',
    end:
      | { readonly status: 'refused' | 'indeterminate'; readonly reason: SignatureReason }
      | { readonly status: 'passed'; readonly result: Uint8Array },
  ): Promise<boolean> {
    const t = this.#table
    const rows = await tx
      .update(t)
      .set(end)
      .where(and(eq(t.signatureId, signatureId), eq(t.status, from)))
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  /** Ends a request that was not answered, or whose submission died long ago. */
  async withdraw(
    tx: Tx,
    signatureId: string,
    reason: SignatureReason,
    now: Date,
  ): Promise<boolean> {
    const t = this.#table
    const isLeft = and(
      eq(t.status, 'verifying'),
      lt(t.takenAt, new Date(now.getTime() - RETRY_WINDOW)),
    )
    const rows = await tx
      .update(t)
      .set({ status: 'refused', reason })
      .where(
        and(eq(t.signatureId, signatureId), or(inArray(t.status, ['requested', 'open']), isLeft)),
      )
      .returning({ id: t.signatureId })
    return rows.length > 0
  }

  async delete(tx: Tx, signatureId: string): Promise<void> {
    const t = this.#table
    await tx.delete(t).where(eq(t.signatureId, signatureId))
  }

  /** Deletes what was asked for before `before`, answered or not. */
  async sweep(tx: Tx, before: Date): Promise<void> {
    const t = this.#table
    await tx.delete(t).where(lt(t.requestedAt, before))
  }

  async eraseSubject(tx: Tx, subjectRef: string): Promise<void> {
    const t = this.#table
    await tx.delete(t).where(or(eq(t.subjectRef, subjectRef), eq(t.onlyBy, subjectRef)))
  }
}
