import { and, eq, inArray, sql } from 'drizzle-orm'
import { tablesFor } from '../database/tables.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import * as postgres from './schema.postgres.ts'
import * as sqlite from './schema.sqlite.ts'

/** What is known of a person as the integers that rules are asked with. */
export interface CodedPerson {
  readonly subjectRef: string
  /** Of the facts that were coded. */
  readonly factsDigest: string
  readonly words: Int32Array
}

/**
 * Persons as they were coded when they were last scored, so that a change of policy need not read their facts. Only a short cut:
 * what is missing, of other facts or of another coding is made again of the facts. Erased with them (`PolicyDatabase.erase`).
 */
export class CodedStore {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  /** Those of the persons who were coded in this way, by their references. */
  async find(
    tx: Tx,
    subjectRefs: readonly string[],
    coding: string,
  ): Promise<ReadonlyMap<string, CodedPerson>> {
    const { coded } = this.#tables
    if (subjectRefs.length === 0) return new Map()
    const rows = await tx
      .select({ subjectRef: coded.subjectRef, factsDigest: coded.factsDigest, words: coded.words })
      .from(coded)
      .where(and(inArray(coded.subjectRef, [...subjectRefs]), eq(coded.coding, coding)))
    return new Map(rows.map((row) => [row.subjectRef, { ...row, words: wordsOf(row.words) }]))
  }

  async save(tx: Tx, persons: readonly CodedPerson[], coding: string): Promise<void> {
    if (persons.length === 0) return
    const { coded } = this.#tables
    await tx
      .insert(coded)
      .values(persons.map((person) => ({ ...person, coding, words: octetsOf(person.words) })))
      .onConflictDoUpdate({
        target: coded.subjectRef,
        set: {
          factsDigest: sql`excluded.facts_digest`,
          coding: sql`excluded.coding`,
          words: sql`excluded.words`,
        },
      })
  }
}

/** In the order of octets of this machine, which `PersonLevels.coding` tells. */
function octetsOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function wordsOf(octets: Uint8Array): Int32Array {
  const aligned =
    octets.byteOffset % Int32Array.BYTES_PER_ELEMENT === 0 ? octets : new Uint8Array(octets)
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
}
