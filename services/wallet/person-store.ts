import { and, eq, inArray, isNotNull, isNull, lte } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Allowance } from './decide-release.ts'
import type { PersonaKind } from './ports.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

export interface PersonRow {
  readonly subjectRef: string
  readonly enrolledAt: Date
  readonly erasedAt: Date | null
  readonly ledgerLength: number
  readonly ledgerHead: Uint8Array
}

export interface AttributeRow {
  readonly subjectRef: string
  readonly name: string
  readonly sealed: Uint8Array
  readonly asOf: string
  readonly proofingId: string
  readonly stale: boolean
}

export interface PersonaRow {
  readonly personaId: string
  readonly subjectRef: string
  readonly kind: PersonaKind
  readonly keyId: string
  readonly sealedLabel: Uint8Array
  readonly allowance: Allowance
  readonly position: number
}

/** People, their attributes, personas, and what binds a persona to a sector. */
export class PersonStore {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  /** An erased person is found too. */
  async find(tx: Tx, subjectRef: string): Promise<PersonRow | undefined> {
    const { subject } = this.#tables
    const [row] = await tx.select().from(subject).where(eq(subject.subjectRef, subjectRef))
    return row
  }

  async add(tx: Tx, person: Omit<PersonRow, 'erasedAt'>): Promise<void> {
    await tx.insert(this.#tables.subject).values(person)
  }

  /** False when another unit of work appended in between. */
  async advanceLedger(
    tx: Tx,
    subjectRef: string,
    from: number,
    head: Uint8Array,
  ): Promise<boolean> {
    const { subject } = this.#tables
    const advanced = await tx
      .update(subject)
      .set({ ledgerLength: from + 1, ledgerHead: head })
      .where(and(eq(subject.subjectRef, subjectRef), eq(subject.ledgerLength, from)))
      .returning({ subjectRef: subject.subjectRef })
    return advanced.length === 1
  }

  async markErased(
    tx: Tx,
    subjectRef: string,
    start: Uint8Array,
    erasedAt: Date,
    ledgerUntil: Date,
  ): Promise<void> {
    const { subject } = this.#tables
    await tx
      .insert(subject)
      .values({
        subjectRef,
        enrolledAt: erasedAt,
        erasedAt,
        ledgerLength: 0,
        ledgerHead: start,
        ledgerUntil,
      })
      .onConflictDoUpdate({ target: subject.subjectRef, set: { erasedAt, ledgerUntil } })
  }

  async unscrubbed(tx: Tx): Promise<readonly string[]> {
    const { subject } = this.#tables
    const rows = await tx
      .select({ subjectRef: subject.subjectRef })
      .from(subject)
      .where(and(isNotNull(subject.erasedAt), isNull(subject.scrubbedAt)))
      .limit(1000)
    return rows.map((row) => row.subjectRef)
  }

  async markScrubbed(tx: Tx, subjectRefs: readonly string[], at: Date): Promise<void> {
    if (subjectRefs.length === 0) return
    const { subject } = this.#tables
    await tx
      .update(subject)
      .set({ scrubbedAt: at })
      .where(inArray(subject.subjectRef, [...subjectRefs]))
  }

  /** Erased people whose ledger need not be kept any longer. */
  async withLapsedLedger(tx: Tx, at: Date, limit: number): Promise<readonly string[]> {
    const { subject } = this.#tables
    const rows = await tx
      .select({ subjectRef: subject.subjectRef })
      .from(subject)
      .where(and(isNotNull(subject.erasedAt), lte(subject.ledgerUntil, at)))
      .limit(limit)
    return rows.map((row) => row.subjectRef)
  }

  async markLedgerDropped(tx: Tx, subjectRef: string): Promise<void> {
    const { subject } = this.#tables
    await tx
      .update(subject)
      .set({ ledgerUntil: null, scrubbedAt: null })
      .where(eq(subject.subjectRef, subjectRef))
  }

  async attributes(tx: Tx, subjectRef: string): Promise<readonly AttributeRow[]> {
    const { attribute } = this.#tables
    return tx.select().from(attribute).where(eq(attribute.subjectRef, subjectRef))
  }

  /** What a proofing brought stands in the place of everything known before. */
  async replaceAttributes(
    tx: Tx,
    subjectRef: string,
    rows: readonly AttributeRow[],
  ): Promise<void> {
    const { attribute } = this.#tables
    await tx.delete(attribute).where(eq(attribute.subjectRef, subjectRef))
    if (rows.length > 0) await tx.insert(attribute).values([...rows])
  }

  async markStale(tx: Tx, subjectRef: string, proofingIds: readonly string[]): Promise<void> {
    if (proofingIds.length === 0) return
    const { attribute } = this.#tables
    await tx
      .update(attribute)
      .set({ stale: true })
      .where(
        and(eq(attribute.subjectRef, subjectRef), inArray(attribute.proofingId, [...proofingIds])),
      )
  }

  async markAllStale(tx: Tx, subjectRef: string): Promise<void> {
    const { attribute } = this.#tables
    await tx.update(attribute).set({ stale: true }).where(eq(attribute.subjectRef, subjectRef))
  }

  async addPersona(tx: Tx, row: PersonaRow): Promise<void> {
    await tx.insert(this.#tables.persona).values(row)
  }

  async personas(tx: Tx, subjectRef: string): Promise<readonly PersonaRow[]> {
    const { persona } = this.#tables
    return tx
      .select()
      .from(persona)
      .where(eq(persona.subjectRef, subjectRef))
      .orderBy(persona.position)
  }

  async persona(tx: Tx, subjectRef: string, personaId: string): Promise<PersonaRow | undefined> {
    const { persona } = this.#tables
    const [row] = await tx
      .select()
      .from(persona)
      .where(and(eq(persona.personaId, personaId), eq(persona.subjectRef, subjectRef)))
    return row
  }

  async changePersona(
    tx: Tx,
    personaId: string,
    change: Partial<Pick<PersonaRow, 'sealedLabel' | 'allowance'>>,
  ): Promise<void> {
    const { persona } = this.#tables
    await tx.update(persona).set(change).where(eq(persona.personaId, personaId))
  }

  async boundPersonaId(tx: Tx, subjectRef: string, sectorId: string): Promise<string | undefined> {
    const { binding } = this.#tables
    const [row] = await tx
      .select()
      .from(binding)
      .where(and(eq(binding.subjectRef, subjectRef), eq(binding.sectorId, sectorId)))
    return row?.personaId
  }

  async bind(
    tx: Tx,
    bound: { subjectRef: string; sectorId: string; personaId: string; boundAt: Date },
  ): Promise<void> {
    const { binding } = this.#tables
    await tx
      .insert(binding)
      .values(bound)
      .onConflictDoUpdate({
        target: [binding.subjectRef, binding.sectorId],
        set: { personaId: bound.personaId, boundAt: bound.boundAt },
      })
  }

  async rememberPairwise(
    tx: Tx,
    row: {
      sectorId: string
      pairwiseSubject: string
      subjectRef: string
      personaId: string
      epoch: number
    },
  ): Promise<void> {
    await tx.insert(this.#tables.pairwise).values(row).onConflictDoNothing()
  }

  async whoIs(
    tx: Tx,
    sectorId: string,
    pairwiseSubject: string,
  ): Promise<{ readonly subjectRef: string; readonly personaId: string } | undefined> {
    const { pairwise } = this.#tables
    const [row] = await tx
      .select({ subjectRef: pairwise.subjectRef, personaId: pairwise.personaId })
      .from(pairwise)
      .where(and(eq(pairwise.sectorId, sectorId), eq(pairwise.pairwiseSubject, pairwiseSubject)))
    return row
  }

  async pairwiseOf(tx: Tx, subjectRef: string, sectorId: string): Promise<readonly string[]> {
    const { pairwise } = this.#tables
    const rows = await tx
      .select({ pairwiseSubject: pairwise.pairwiseSubject })
      .from(pairwise)
      .where(and(eq(pairwise.subjectRef, subjectRef), eq(pairwise.sectorId, sectorId)))
      .orderBy(pairwise.pairwiseSubject)
    return rows.map((row) => row.pairwiseSubject)
  }

  async thresholds(tx: Tx, personaId: string, sectorId: string): Promise<readonly string[]> {
    const { threshold } = this.#tables
    const rows = await tx
      .select({ claim: threshold.claim })
      .from(threshold)
      .where(and(eq(threshold.personaId, personaId), eq(threshold.sectorId, sectorId)))
    return rows.map((row) => row.claim)
  }

  async spendThresholds(
    tx: Tx,
    rows: readonly { subjectRef: string; personaId: string; sectorId: string; claim: string }[],
  ): Promise<void> {
    if (rows.length === 0) return
    await tx
      .insert(this.#tables.threshold)
      .values([...rows])
      .onConflictDoNothing()
  }

  /** Deletes everything about a person but the marker and the ledger. */
  async forget(tx: Tx, subjectRef: string): Promise<void> {
    const { attribute, persona, binding, pairwise, threshold } = this.#tables
    for (const table of [attribute, persona, binding, pairwise, threshold]) {
      await tx.delete(table).where(eq(table.subjectRef, subjectRef))
    }
  }
}
