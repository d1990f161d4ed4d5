import { and, asc, eq, lte } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { PolicyActivated } from './events.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'
import { factDigest, type StoredFact } from './subject-facts.ts'

export type LevelRow = typeof sqlite.levels.$inferSelect
export type DecisionRow = typeof sqlite.decisions.$inferSelect

export interface PersonState {
  readonly factsVersion: number
  readonly erased: boolean
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

  async addFact(tx: Tx, subjectRef: string, fact: StoredFact): Promise<void> {
    const { facts } = this.#tables
    await tx
      .insert(facts)
      .values({ subjectRef, digest: factDigest(fact), fact })
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

  async addDecision(tx: Tx, row: DecisionRow): Promise<void> {
    await tx.insert(this.#tables.decisions).values(row)
  }

  async decisions(tx: Tx, subjectRef: string): Promise<readonly DecisionRow[]> {
    const { decisions } = this.#tables
    return tx
      .select()
      .from(decisions)
      .where(eq(decisions.subjectRef, subjectRef))
      .orderBy(asc(decisions.decidedAt), asc(decisions.id))
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

  /** Forgets everything about a person but that there is nothing to know. */
  async erase(tx: Tx, subjectRef: string): Promise<void> {
    const { facts, levels, decisions } = this.#tables
    await tx.delete(facts).where(eq(facts.subjectRef, subjectRef))
    await tx.delete(levels).where(eq(levels.subjectRef, subjectRef))
    await tx.delete(decisions).where(eq(decisions.subjectRef, subjectRef))
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
