import { and, eq, gt, inArray, isNull, lte, ne } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { AssuranceLevel } from './ledger-chain.ts'
import type { ReleaseState, RequestedClaim } from './release-state.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface ReleaseRow {
  readonly releaseId: string
  readonly requestId: string
  readonly subjectRef: string
  readonly rpId: string
  readonly sectorId: string
  readonly purposeId: string
  readonly personaId: string | null
  readonly state: ReleaseState
  readonly requested: readonly RequestedClaim[]
  readonly consented: readonly string[]
  readonly levels: readonly AssuranceLevel[]
  readonly purposeDigest: Uint8Array | null
  readonly valuesDigest: Uint8Array | null
  readonly consentDigest: Uint8Array | null
  readonly consentUntil: Date | null
  readonly pairwiseSubject: string | null
  readonly issuedAt: Date | null
  readonly reliableUntil: Date | null
  readonly retainedUntil: Date | null
}

export interface SealedValues {
  readonly releaseId: string
  readonly subjectRef: string
  readonly keyId: string
  readonly sealed: Uint8Array
  readonly until: Date
}

/** Requests, releases, the values kept for redelivery, and reception tickets. */
export class ReleaseStore {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  async byId(tx: Tx, releaseId: string): Promise<ReleaseRow | undefined> {
    const { release } = this.#tables
    const [row] = await tx.select().from(release).where(eq(release.releaseId, releaseId))
    return row
  }

  async byRequest(tx: Tx, requestId: string): Promise<ReleaseRow | undefined> {
    const { release } = this.#tables
    const [row] = await tx.select().from(release).where(eq(release.requestId, requestId))
    return row
  }

  async ofPerson(tx: Tx, subjectRef: string): Promise<readonly ReleaseRow[]> {
    const { release } = this.#tables
    return tx.select().from(release).where(eq(release.subjectRef, subjectRef))
  }

  /** False when the request has a row already. */
  async add(tx: Tx, row: ReleaseRow): Promise<boolean> {
    const { release } = this.#tables
    const added = await tx
      .insert(release)
      .values(row)
      .onConflictDoNothing()
      .returning({ releaseId: release.releaseId })
    return added.length === 1
  }

  /** Changes a release only while it is in one of the states `from`; false when it is not. */
  async move(
    tx: Tx,
    releaseId: string,
    from: readonly ReleaseState[],
    change: Partial<Omit<ReleaseRow, 'releaseId' | 'requestId' | 'subjectRef'>>,
  ): Promise<boolean> {
    const { release } = this.#tables
    const moved = await tx
      .update(release)
      .set(change)
      .where(and(eq(release.releaseId, releaseId), inArray(release.state, [...from])))
      .returning({ releaseId: release.releaseId })
    return moved.length === 1
  }

  /** Makes documents void that were offered to a sector under another persona. */
  async voidOffers(
    tx: Tx,
    subjectRef: string,
    sectorId: string,
    exceptPersonaId: string,
  ): Promise<void> {
    const { release } = this.#tables
    await tx
      .update(release)
      .set({ consentDigest: null })
      .where(
        and(
          eq(release.subjectRef, subjectRef),
          eq(release.sectorId, sectorId),
          eq(release.state, 'offered'),
          ne(release.personaId, exceptPersonaId),
        ),
      )
  }

  async unsignedSince(tx: Tx, before: Date, limit: number): Promise<readonly ReleaseRow[]> {
    const { release } = this.#tables
    return tx
      .select()
      .from(release)
      .where(and(eq(release.state, 'offered'), lte(release.consentUntil, before)))
      .limit(limit)
  }

  async retainedUntil(tx: Tx, at: Date, limit: number): Promise<readonly ReleaseRow[]> {
    const { release } = this.#tables
    return tx
      .select()
      .from(release)
      .where(and(eq(release.state, 'issued'), lte(release.retainedUntil, at)))
      .limit(limit)
  }

  async keepValues(tx: Tx, values: SealedValues): Promise<void> {
    await tx.insert(this.#tables.releaseValue).values(values)
  }

  async values(tx: Tx, releaseId: string, at: Date): Promise<SealedValues | undefined> {
    const { releaseValue } = this.#tables
    const [row] = await tx
      .select()
      .from(releaseValue)
      .where(and(eq(releaseValue.releaseId, releaseId), gt(releaseValue.until, at)))
    return row
  }

  /** Drops the values of one release and tells under which key they were. */
  async dropValues(tx: Tx, releaseId: string): Promise<readonly string[]> {
    const { releaseValue } = this.#tables
    const dropped = await tx
      .delete(releaseValue)
      .where(eq(releaseValue.releaseId, releaseId))
      .returning({ keyId: releaseValue.keyId })
    return dropped.map((row) => row.keyId)
  }

  /** Drops the values whose time is over and tells under which keys they were. */
  async dropOldValues(tx: Tx, at: Date): Promise<readonly string[]> {
    const { releaseValue } = this.#tables
    const dropped = await tx
      .delete(releaseValue)
      .where(lte(releaseValue.until, at))
      .returning({ keyId: releaseValue.keyId })
    return dropped.map((row) => row.keyId)
  }

  async addTicket(
    tx: Tx,
    row: {
      ticketHash: string
      releaseId: string
      subjectRef: string
      sectorId: string
      expiresAt: Date
    },
  ): Promise<void> {
    await tx.insert(this.#tables.ticket).values(row)
  }

  /** The release of a ticket, once; undefined for any other ticket, sector or time. */
  async useTicket(
    tx: Tx,
    ticketHash: string,
    sectorId: string,
    at: Date,
  ): Promise<string | undefined> {
    const { ticket } = this.#tables
    const [used] = await tx
      .update(ticket)
      .set({ redeemedAt: at })
      .where(
        and(
          eq(ticket.ticketHash, ticketHash),
          eq(ticket.sectorId, sectorId),
          gt(ticket.expiresAt, at),
          isNull(ticket.redeemedAt),
        ),
      )
      .returning({ releaseId: ticket.releaseId })
    return used?.releaseId
  }

  async dropOldTickets(tx: Tx, at: Date): Promise<void> {
    const { ticket } = this.#tables
    await tx.delete(ticket).where(lte(ticket.expiresAt, at))
  }

  async forget(tx: Tx, subjectRef: string): Promise<void> {
    const { release, releaseValue, ticket } = this.#tables
    for (const table of [release, releaseValue, ticket]) {
      await tx.delete(table).where(eq(table.subjectRef, subjectRef))
    }
  }
}
