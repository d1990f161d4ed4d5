import { and, asc, eq, gt, inArray, lt, lte, max, min, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Interaction } from './interaction.ts'
import type { AxisName, Registration } from './registration.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface StoredRegistration {
  readonly registration: Registration
  readonly digest: Uint8Array
  readonly version: number
}

/** One message of a relying party's feed, without its place in it. */
export interface FeedEntry {
  readonly kind: 'level' | 'gone'
  readonly pairwiseSubject: string
  readonly framework: string
  readonly axis: string
  readonly level: string
  readonly previousLevel: string
  readonly lowered: boolean
  readonly validUntil: Date | null
}

export interface PlacedFeedEntry extends FeedEntry {
  readonly place: number
}

export interface KnownSubject {
  readonly pairwiseSubject: string
  readonly subjectRef: string
}

/** An axis whose level a relying party was told of a person. */
export interface ToldAxis extends AxisName {
  /** What was told last of an axis of logins; null for one of persons. */
  readonly loginLevel: string | null
}

/** Tables of the federation. Every method is one query on the caller's unit of work. */
export class FederationStore {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  async registration(tx: Tx, rpId: string): Promise<StoredRegistration | undefined> {
    const { relyingParty } = this.#tables
    const [row] = await tx.select().from(relyingParty).where(eq(relyingParty.rpId, rpId))
    return row
  }

  async registrations(tx: Tx): Promise<readonly StoredRegistration[]> {
    const { relyingParty } = this.#tables
    return await tx.select().from(relyingParty)
  }

  async saveRegistration(tx: Tx, stored: StoredRegistration, changedAt: Date): Promise<void> {
    const { relyingParty } = this.#tables
    const { registration, digest, version } = stored
    const row = { rpId: registration.rpId, registration, digest, version, changedAt }
    await tx
      .insert(relyingParty)
      .values(row)
      .onConflictDoUpdate({ target: relyingParty.rpId, set: row })
  }

  async addInteraction(tx: Tx, interaction: Interaction): Promise<void> {
    await tx.insert(this.#tables.interaction).values(interaction)
  }

  async interaction(tx: Tx, id: string): Promise<Interaction | undefined> {
    const { interaction } = this.#tables
    const [row] = await tx.select().from(interaction).where(eq(interaction.id, id))
    return row
  }

  /** Writes what was decided on `next.version - 1`; false when another was faster. */
  async saveInteraction(tx: Tx, next: Interaction): Promise<boolean> {
    const { interaction } = this.#tables
    const { id, version, ...columns } = next
    const rows = await tx
      .update(interaction)
      .set({ ...columns, version })
      .where(
        and(
          eq(interaction.id, id),
          eq(interaction.version, version - 1),
          eq(interaction.status, 'open'),
        ),
      )
      .returning({ id: interaction.id })
    return rows.length === 1
  }

  async overdueInteractions(tx: Tx, at: Date, limit: number): Promise<readonly Interaction[]> {
    const { interaction } = this.#tables
    return await tx
      .select()
      .from(interaction)
      .where(and(eq(interaction.status, 'open'), lt(interaction.expiresAt, at)))
      .limit(limit)
  }

  /** Forgets closed interactions that ended before `before`, and ids of assertions that are over. */
  async sweep(tx: Tx, before: Date, at: Date): Promise<void> {
    const { interaction, usedAssertion } = this.#tables
    await tx
      .delete(interaction)
      .where(
        and(
          inArray(interaction.status, ['completed', 'failed']),
          lt(interaction.expiresAt, before),
        ),
      )
    await tx.delete(usedAssertion).where(lt(usedAssertion.until, at))
  }

  async addKnownSubject(tx: Tx, rpId: string, known: KnownSubject): Promise<void> {
    const { knownSubject } = this.#tables
    await tx
      .insert(knownSubject)
      .values({ rpId, pairwiseSubject: known.pairwiseSubject, subjectRef: known.subjectRef })
      .onConflictDoNothing()
  }

  async knows(tx: Tx, rpId: string, pairwiseSubject: string): Promise<boolean> {
    const { knownSubject: t } = this.#tables
    const rows = await tx
      .select({ rpId: t.rpId })
      .from(t)
      .where(and(eq(t.rpId, rpId), eq(t.pairwiseSubject, pairwiseSubject)))
    return rows.length === 1
  }

  /** Persons that a relying party knows, among those named or all of them, after a pseudonym, in order. */
  async knownSubjects(
    tx: Tx,
    rpId: string,
    page: { readonly among: readonly string[]; readonly after: string; readonly limit: number },
  ): Promise<readonly KnownSubject[]> {
    const { knownSubject: t } = this.#tables
    const named = page.among.length === 0 ? [] : [inArray(t.pairwiseSubject, [...page.among])]
    return await tx
      .select()
      .from(t)
      .where(and(eq(t.rpId, rpId), gt(t.pairwiseSubject, page.after), ...named))
      .orderBy(asc(t.pairwiseSubject))
      .limit(page.limit)
  }

  /** Every relying party that knows a person, with its pseudonym there. */
  async knownBy(tx: Tx, subjectRef: string): Promise<readonly (KnownSubject & { rpId: string })[]> {
    const { knownSubject: t } = this.#tables
    return await tx.select().from(t).where(eq(t.subjectRef, subjectRef))
  }

  /** Forgets a person at one relying party, with what it was told. */
  async forgetKnownSubject(tx: Tx, rpId: string, pairwiseSubject: string): Promise<void> {
    for (const t of [this.#tables.knownSubject, this.#tables.toldAxis]) {
      await tx.delete(t).where(and(eq(t.rpId, rpId), eq(t.pairwiseSubject, pairwiseSubject)))
    }
  }

  async toldAxes(tx: Tx, rpId: string, pairwiseSubject: string): Promise<readonly ToldAxis[]> {
    const { toldAxis: t } = this.#tables
    return await tx
      .select({ framework: t.framework, axis: t.axis, loginLevel: t.loginLevel })
      .from(t)
      .where(and(eq(t.rpId, rpId), eq(t.pairwiseSubject, pairwiseSubject)))
  }

  async saveToldAxis(tx: Tx, rpId: string, pairwiseSubject: string, told: ToldAxis): Promise<void> {
    const { toldAxis: t } = this.#tables
    const { framework, axis, loginLevel } = told
    await tx
      .insert(t)
      .values({ rpId, pairwiseSubject, framework, axis, loginLevel })
      .onConflictDoUpdate({
        target: [t.rpId, t.pairwiseSubject, t.framework, t.axis],
        set: { loginLevel },
      })
  }

  /** Removes what ties a person to interactions; the rows go with the next sweep. */
  async forgetInteractionsOf(tx: Tx, subjectRef: string): Promise<void> {
    const { interaction } = this.#tables
    await tx.delete(interaction).where(eq(interaction.subjectRef, subjectRef))
  }

  /**
   * Appends to the feed of one relying party. The head's row is written first: it stays locked until the commit, so places
   * become visible in their order and a reader never passes over one.
   */
  async appendFeed(tx: Tx, rpId: string, entry: FeedEntry, notedAt: Date): Promise<void> {
    const { feed, feedHead } = this.#tables
    const [head] = await tx
      .insert(feedHead)
      .values({ rpId, last: 1 })
      .onConflictDoUpdate({ target: feedHead.rpId, set: { last: sql`${feedHead.last} + 1` } })
      .returning({ place: feedHead.last })
    if (head === undefined) throw new TypeError('an upsert returns its row')
    await tx.insert(feed).values({ rpId, place: head.place, ...entry, notedAt })
  }

  async feedHead(tx: Tx, rpId: string): Promise<number> {
    const { feedHead } = this.#tables
    const [row] = await tx.select().from(feedHead).where(eq(feedHead.rpId, rpId))
    return row?.last ?? 0
  }

  /** The place of the oldest entry that is kept; one past the head where none is. */
  async feedStart(tx: Tx, rpId: string): Promise<number> {
    const { feed } = this.#tables
    const [row] = await tx
      .select({ place: min(feed.place) })
      .from(feed)
      .where(eq(feed.rpId, rpId))
    return row?.place ?? (await this.feedHead(tx, rpId)) + 1
  }

  /** Forgets what was noted before `before`. INVARIANT: what stays of a feed has no gap, however clocks differ. */
  async pruneFeeds(tx: Tx, before: Date): Promise<void> {
    const { feed } = this.#tables
    const old = await tx
      .select({ rpId: feed.rpId, last: max(feed.place) })
      .from(feed)
      .where(lt(feed.notedAt, before))
      .groupBy(feed.rpId)
    for (const { rpId, last } of old) {
      await tx.delete(feed).where(and(eq(feed.rpId, rpId), lte(feed.place, last ?? 0)))
    }
  }

  async feedAfter(
    tx: Tx,
    rpId: string,
    place: number,
    limit: number,
  ): Promise<readonly PlacedFeedEntry[]> {
    const { feed } = this.#tables
    return await tx
      .select()
      .from(feed)
      .where(and(eq(feed.rpId, rpId), gt(feed.place, place)))
      .orderBy(asc(feed.place))
      .limit(limit)
  }

  async wasToldOf(tx: Tx, rpId: string, pairwiseSubject: string): Promise<boolean> {
    const { feed } = this.#tables
    const rows = await tx
      .select({ place: feed.place })
      .from(feed)
      .where(and(eq(feed.rpId, rpId), eq(feed.pairwiseSubject, pairwiseSubject)))
      .limit(1)
    return rows.length === 1
  }

  /** Stores the id of a client assertion; false when it was there. */
  async useAssertion(tx: Tx, rpId: string, jti: string, until: Date): Promise<boolean> {
    const rows = await tx
      .insert(this.#tables.usedAssertion)
      .values({ rpId, jtiDigest: toBase64Url(sha256(jti)), until })
      .onConflictDoNothing()
      .returning()
    return rows.length === 1
  }

  /** The key of this name; `fresh` becomes it where there is none. */
  async key(tx: Tx, name: string, fresh: Uint8Array): Promise<Uint8Array> {
    const { key } = this.#tables
    await tx.insert(key).values({ name, value: fresh }).onConflictDoNothing()
    const [row] = await tx.select().from(key).where(eq(key.name, name))
    return new Uint8Array(row?.value ?? fresh)
  }
}
