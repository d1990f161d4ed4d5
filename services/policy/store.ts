import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, max, ne, or, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import { fitting, type DecisionSearch } from './decision-search-store.ts'
import type { PolicyActivated } from './events.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'
import { factDigest, type StoredFact } from './subject-facts.ts'

export type LevelRow = typeof sqlite.levels.$inferSelect
export type DecisionRow = typeof sqlite.decisions.$inferSelect

export function sameAxis({
  framework,
  axis,
}: Pick<LevelRow, 'framework' | 'axis'>): (row: Pick<LevelRow, 'framework' | 'axis'>) => boolean {
  return (row) => row.framework === framework && row.axis === axis
}

export interface RecordedFact {
  readonly fact: StoredFact
  readonly recordedAt: Date | null
}

export interface PersonState {
  readonly factsVersion: number
  readonly erased: boolean
}

/** What was said of a person on one axis. */
export type KnownLevel = Pick<
  LevelRow,
  'subjectRef' | 'framework' | 'axis' | 'level' | 'validUntil' | 'factsDigest'
>

/** A person with what was said of them. */
export interface ScoredPerson {
  readonly subjectRef: string
  readonly levels: readonly KnownLevel[]
}

/** Facts, current levels and decisions of the scorer. */
export class PolicyDatabase {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  async person(tx: Tx, subjectRef: string): Promise<PersonState> {
    const { persons } = this.#tables
    const [row] = await tx.select().from(persons).where(eq(persons.subjectRef, subjectRef))
    return row ?? { factsVersion: 0, erased: false }
  }

  /** Counts one more event of a person. */
  async savePerson(
    tx: Tx,
    subjectRef: string,
    { factsVersion, erased }: PersonState,
  ): Promise<void> {
    const { persons } = this.#tables
    await tx
      .insert(persons)
      .values({ subjectRef, factsVersion, erased })
      .onConflictDoUpdate({ target: persons.subjectRef, set: { factsVersion, erased } })
  }

  async addFact(tx: Tx, subjectRef: string, fact: StoredFact, recordedAt: Date): Promise<void> {
    const { facts } = this.#tables
    await tx
      .insert(facts)
      .values({ subjectRef, digest: factDigest(fact), fact, recordedAt })
      .onConflictDoNothing()
  }

  async facts(tx: Tx, subjectRef: string): Promise<readonly StoredFact[]> {
    const { facts } = this.#tables
    const rows = await tx
      .select({ fact: facts.fact })
      .from(facts)
      .where(eq(facts.subjectRef, subjectRef))
    return rows.map(({ fact }) => fact)
  }

  /** What was known of a person at a time. */
  async factsAt(tx: Tx, subjectRef: string, at: Date): Promise<readonly StoredFact[]> {
    const { facts } = this.#tables
    const known = or(isNull(facts.recordedAt), lte(facts.recordedAt, at))
    const rows = await tx
      .select({ fact: facts.fact })
      .from(facts)
      .where(and(eq(facts.subjectRef, subjectRef), known))
    return rows.map(({ fact }) => fact)
  }

  /** What is known of persons, and since when; null for what was learned before that was noted. */
  async recordedFacts(
    tx: Tx,
    subjectRefs: readonly string[],
  ): Promise<ReadonlyMap<string, readonly RecordedFact[]>> {
    const { facts } = this.#tables
    const found = new Map<string, RecordedFact[]>()
    if (subjectRefs.length === 0) return found
    const rows = await tx
      .select({ subjectRef: facts.subjectRef, fact: facts.fact, recordedAt: facts.recordedAt })
      .from(facts)
      .where(inArray(facts.subjectRef, [...subjectRefs]))
    for (const { subjectRef, ...recorded } of rows) {
      const own = found.get(subjectRef) ?? []
      own.push(recorded)
      found.set(subjectRef, own)
    }
    return found
  }

  /** Persons after `after`, in order, with what is known of each. */
  async factsOfMany(
    tx: Tx,
    after: string,
    limit: number,
  ): Promise<ReadonlyMap<string, readonly StoredFact[]>> {
    const { persons } = this.#tables
    const page = await tx
      .select({ subjectRef: persons.subjectRef })
      .from(persons)
      .where(and(gt(persons.subjectRef, after), eq(persons.erased, false)))
      .orderBy(asc(persons.subjectRef))
      .limit(limit)
    return this.factsOf(
      tx,
      page.map(({ subjectRef }) => subjectRef),
    )
  }

  /** What is known of each of the persons. */
  async factsOf(
    tx: Tx,
    subjectRefs: readonly string[],
  ): Promise<ReadonlyMap<string, readonly StoredFact[]>> {
    const { facts } = this.#tables
    const found = new Map<string, StoredFact[]>(subjectRefs.map((subjectRef) => [subjectRef, []]))
    if (found.size === 0) return found
    const rows = await tx
      .select({ subjectRef: facts.subjectRef, fact: facts.fact })
      .from(facts)
      .where(inArray(facts.subjectRef, [...subjectRefs]))
    for (const { subjectRef, fact } of rows) found.get(subjectRef)?.push(fact)
    return found
  }

  /** Persons after `after`, in order, who have a level that another policy gave. */
  async givenByOthers(
    tx: Tx,
    policyDigest: string,
    after: string,
    limit: number,
  ): Promise<readonly ScoredPerson[]> {
    const { levels } = this.#tables
    const { subjectRef, framework, axis, level, validUntil, factsDigest } = levels
    const page = tx
      .selectDistinct({ subjectRef })
      .from(levels)
      .where(and(ne(levels.policyDigest, policyDigest), gt(subjectRef, after)))
      .orderBy(asc(subjectRef))
      .limit(limit)
    const rows = await tx
      .select({ subjectRef, framework, axis, level, validUntil, factsDigest })
      .from(levels)
      .where(inArray(subjectRef, page))
      .orderBy(asc(subjectRef))
    const bySubject = Map.groupBy(rows, (row) => row.subjectRef)
    return [...bySubject].map(([ref, own]) => ({ subjectRef: ref, levels: own }))
  }

  /** Notes that a policy gives the levels of these persons as they stand. */
  async confirmLevels(
    tx: Tx,
    subjectRefs: readonly string[],
    by: { readonly policyDigest: string; readonly decidedAt: Date },
  ): Promise<void> {
    if (subjectRefs.length === 0) return
    const { levels } = this.#tables
    await tx
      .update(levels)
      .set({ ...by, dueAt: sql`${levels.validUntil}` })
      .where(inArray(levels.subjectRef, [...subjectRefs]))
  }

  async levels(tx: Tx, subjectRef: string): Promise<readonly LevelRow[]> {
    const { levels } = this.#tables
    return tx
      .select()
      .from(levels)
      .where(eq(levels.subjectRef, subjectRef))
      .orderBy(asc(levels.framework), asc(levels.axis))
  }

  async saveLevel(tx: Tx, row: LevelRow): Promise<void> {
    const { levels } = this.#tables
    await tx
      .insert(levels)
      .values(row)
      .onConflictDoUpdate({ target: [levels.subjectRef, levels.framework, levels.axis], set: row })
  }

  async deleteLevel(
    tx: Tx,
    { subjectRef, framework, axis }: Pick<LevelRow, 'subjectRef' | 'framework' | 'axis'>,
  ): Promise<void> {
    const { levels } = this.#tables
    await tx
      .delete(levels)
      .where(
        and(
          eq(levels.subjectRef, subjectRef),
          eq(levels.framework, framework),
          eq(levels.axis, axis),
        ),
      )
  }

  async addDecisions(tx: Tx, rows: readonly DecisionRow[]): Promise<void> {
    await tx.insert(this.#tables.decisions).values([...rows])
  }

  /** Changes of level of a person, oldest first. */
  async decisions(tx: Tx, subjectRef: string): Promise<readonly DecisionRow[]> {
    const { decisions } = this.#tables
    return tx
      .select()
      .from(decisions)
      .where(and(eq(decisions.subjectRef, subjectRef), eq(decisions.occasion, 'change')))
      .orderBy(asc(decisions.decidedAt), asc(decisions.id))
  }

  async decision(tx: Tx, id: string): Promise<DecisionRow | undefined> {
    const { decisions } = this.#tables
    const [row] = await tx.select().from(decisions).where(eq(decisions.id, id))
    return row
  }

  /** Ids of the newest change of each level that these persons have. */
  async changesBehindLevels(tx: Tx, subjectRefs: readonly string[]): Promise<readonly string[]> {
    if (subjectRefs.length === 0) return []
    const { decisions, levels } = this.#tables
    const rows = await tx
      .select({ newest: max(decisions.id) })
      .from(decisions)
      .innerJoin(
        levels,
        and(
          eq(levels.subjectRef, decisions.subjectRef),
          eq(levels.framework, decisions.framework),
          eq(levels.axis, decisions.axis),
        ),
      )
      .where(and(inArray(decisions.subjectRef, [...subjectRefs]), eq(decisions.occasion, 'change')))
      .groupBy(decisions.subjectRef, decisions.framework, decisions.axis)
    return rows.flatMap(({ newest }) => newest ?? [])
  }

  async deleteDecisions(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { decisions } = this.#tables
    await tx.delete(decisions).where(inArray(decisions.id, [...ids]))
  }

  async decisionsOf(tx: Tx, ids: readonly string[]): Promise<readonly DecisionRow[]> {
    const { decisions } = this.#tables
    return tx
      .select()
      .from(decisions)
      .where(inArray(decisions.id, [...ids]))
  }

  /** Decisions that fit, newest first. */
  async findDecisions(
    tx: Tx,
    search: DecisionSearch,
    limit: number,
  ): Promise<readonly DecisionRow[]> {
    const { decisions } = this.#tables
    const before = search.before === undefined ? undefined : lt(decisions.id, search.before)
    // Ids are ordered by time (UUIDv7).
    return tx
      .select()
      .from(decisions)
      .where(and(...fitting(decisions, search), before))
      .orderBy(desc(decisions.id))
      .limit(limit)
  }

  /** Decisions that fit after the one of that id, oldest first. */
  async decisionsAfter(
    tx: Tx,
    search: DecisionSearch,
    after: string,
    limit: number,
  ): Promise<readonly DecisionRow[]> {
    const { decisions } = this.#tables
    return tx
      .select()
      .from(decisions)
      .where(and(...fitting(decisions, search), gt(decisions.id, after)))
      .orderBy(asc(decisions.id))
      .limit(limit)
  }

  /** Persons whose level is due to be looked at, the longest due first. */
  async dueAt(tx: Tx, now: Date, limit: number): Promise<readonly string[]> {
    const { levels } = this.#tables
    const rows = await tx
      .select({ subjectRef: levels.subjectRef })
      .from(levels)
      .where(lte(levels.dueAt, now))
      .orderBy(asc(levels.dueAt))
      .limit(limit)
    return [...new Set(rows.map(({ subjectRef }) => subjectRef))]
  }

  /** Makes every level due: another policy is in force. */
  async makeAllDue(tx: Tx, now: Date): Promise<void> {
    await tx.update(this.#tables.levels).set({ dueAt: now })
  }

  /** Makes those levels due that another policy than the one in force gave. */
  async makeOthersDue(tx: Tx, policyDigest: string, now: Date): Promise<void> {
    const { levels } = this.#tables
    await tx.update(levels).set({ dueAt: now }).where(ne(levels.policyDigest, policyDigest))
  }

  /** Forgets everything about a person but that there is nothing to know. */
  async erase(tx: Tx, subjectRef: string): Promise<void> {
    const { facts, coded, levels, decisions, authors } = this.#tables
    await tx.delete(coded).where(eq(coded.subjectRef, subjectRef))
    await tx.delete(facts).where(eq(facts.subjectRef, subjectRef))
    await tx.delete(levels).where(eq(levels.subjectRef, subjectRef))
    await tx.delete(decisions).where(eq(decisions.subjectRef, subjectRef))
    await tx.delete(authors).where(eq(authors.subjectRef, subjectRef))
  }

  async activation(tx: Tx, pack: string): Promise<string | undefined> {
    const { activations } = this.#tables
    const [row] = await tx.select().from(activations).where(eq(activations.pack, pack))
    return row?.digest
  }

  async saveActivation(tx: Tx, activation: PolicyActivated): Promise<void> {
    const { activations } = this.#tables
    await tx
      .insert(activations)
      .values(activation)
      .onConflictDoUpdate({ target: activations.pack, set: activation })
  }
}
