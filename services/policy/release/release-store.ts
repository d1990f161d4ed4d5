import { and, desc, eq, gte, isNotNull } from 'drizzle-orm'
import { tablesFor } from '../../database/tables.ts'
import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import type { PolicyDocuments } from '../policy-library.ts'
import * as postgres from '../schema.postgres.ts'
import * as sqlite from '../schema.sqlite.ts'
import { contentDigest, inOrder, type Release, type ReleaseHead } from './release.ts'

export type ProposalRow = typeof sqlite.proposals.$inferSelect
type ReleaseRow = typeof sqlite.releases.$inferSelect
/** What the next release has to follow. */
export type ChainHead = Pick<ReleaseRow, 'sequence' | 'digest' | 'contentDigest'>
/** Documents that were in force once, with the name of the pack that was. */
export type PastContent = Pick<ReleaseRow, 'pack' | 'contentDigest'>
export type AuthorRow = typeof sqlite.authors.$inferSelect

/** Releases, proposals and their documents, and who may make them. */
export class ReleaseStore {
  readonly #tables: typeof sqlite

  constructor(database: Pick<UnitOfWork, 'dialect'>) {
    this.#tables = tablesFor(database.dialect, sqlite, postgres)
  }

  /** Keeps documents; gives their digest. */
  async keep(tx: Tx, documents: PolicyDocuments): Promise<string> {
    const digest = contentDigest(documents)
    await tx
      .insert(this.#tables.contents)
      .values({ digest, documents: inOrder(documents) })
      .onConflictDoNothing()
    return digest
  }

  async documents(tx: Tx, digest: string): Promise<PolicyDocuments | undefined> {
    const { contents } = this.#tables
    const [row] = await tx.select().from(contents).where(eq(contents.digest, digest))
    return row === undefined ? undefined : new Map(row.documents)
  }

  /** Notes what is in force from now on, so that its decisions can be explained. */
  async noteInForce(
    tx: Tx,
    row: { readonly policyDigest: string; readonly pack: string; readonly since: Date },
    documents: PolicyDocuments,
  ): Promise<void> {
    const contentDigest = await this.keep(tx, documents)
    await tx
      .insert(this.#tables.policies)
      .values({ ...row, contentDigest })
      .onConflictDoNothing()
  }

  /** The documents behind the policy that a decision names. */
  async policyOf(
    tx: Tx,
    policyDigest: string,
  ): Promise<{ readonly pack: string; readonly documents: PolicyDocuments } | undefined> {
    const { policies } = this.#tables
    const [row] = await tx.select().from(policies).where(eq(policies.policyDigest, policyDigest))
    const documents = row && (await this.documents(tx, row.contentDigest))
    return documents && { pack: row.pack, documents }
  }

  /** Documents that were in force, each once, newest first: of releases, then of what was installed. */
  async contentsOfThePast(tx: Tx): Promise<readonly PastContent[]> {
    const { releases, policies } = this.#tables
    const released = await tx
      .select({ pack: releases.pack, contentDigest: releases.contentDigest })
      .from(releases)
      .orderBy(desc(releases.sequence))
    const noted = await tx
      .select({ pack: policies.pack, contentDigest: policies.contentDigest })
      .from(policies)
      .orderBy(desc(policies.since))
    const byDigest = new Map<string, PastContent>()
    for (const one of [...released, ...noted])
      if (!byDigest.has(one.contentDigest)) byDigest.set(one.contentDigest, one)
    return [...byDigest.values()]
  }

  async addRelease(tx: Tx, { content, digest, kid, signature }: Release): Promise<void> {
    const contentDigest = await this.keep(tx, content.documents)
    const { documents: _, ...fields } = content
    await tx
      .insert(this.#tables.releases)
      .values({ ...fields, contentDigest, digest, kid, signature })
  }

  /** The newest release; undefined where there is none. */
  async head(tx: Tx): Promise<ChainHead | undefined> {
    const { releases } = this.#tables
    const { sequence, digest, contentDigest } = releases
    const [row] = await tx
      .select({ sequence, digest, contentDigest })
      .from(releases)
      .orderBy(desc(sequence))
      .limit(1)
    return row
  }

  async release(tx: Tx, sequence: number): Promise<Release | undefined> {
    const { releases } = this.#tables
    const [row] = await tx.select().from(releases).where(eq(releases.sequence, sequence))
    return row && this.#release(tx, row)
  }

  /** Releases that name a successor of the key, oldest first, from the first one on that is signed with a key. */
  async handOvers(tx: Tx, kid: string): Promise<readonly Release[]> {
    const { releases } = this.#tables
    const { sequence, successor } = releases
    const [first] = await tx
      .select({ sequence })
      .from(releases)
      .where(eq(releases.kid, kid))
      .orderBy(sequence)
      .limit(1)
    if (first === undefined) return []
    const rows = await tx
      .select()
      .from(releases)
      .where(and(isNotNull(successor), gte(sequence, first.sequence)))
      .orderBy(sequence)
    const found = []
    for (const row of rows) found.push(await this.#release(tx, row))
    return found
  }

  /** Newest first, without their documents. */
  async releases(tx: Tx): Promise<readonly ReleaseHead[]> {
    const { releases } = this.#tables
    const rows = await tx.select().from(releases).orderBy(desc(releases.sequence))
    return rows.map(({ digest, kid: _, signature: __, contentDigest: ___, ...content }) => ({
      content,
      digest,
    }))
  }

  async addProposal(tx: Tx, row: ProposalRow): Promise<void> {
    await tx.insert(this.#tables.proposals).values(row)
  }

  async proposal(tx: Tx, id: string): Promise<ProposalRow | undefined> {
    const { proposals } = this.#tables
    const [row] = await tx.select().from(proposals).where(eq(proposals.id, id))
    return row
  }

  /** Newest first. */
  async proposals(tx: Tx, limit: number): Promise<readonly ProposalRow[]> {
    const { proposals } = this.#tables
    return tx.select().from(proposals).orderBy(desc(proposals.at), desc(proposals.id)).limit(limit)
  }

  /** Gives the proposal as it is then; undefined when somebody was faster. */
  async decideProposal(
    tx: Tx,
    id: string,
    decision: Pick<ProposalRow, 'state' | 'decidedBy' | 'refusal'>,
  ): Promise<ProposalRow | undefined> {
    const { proposals } = this.#tables
    const [row] = await tx
      .update(proposals)
      .set(decision)
      .where(and(eq(proposals.id, id), eq(proposals.state, 'open')))
      .returning()
    return row
  }

  async author(tx: Tx, subjectRef: string): Promise<AuthorRow | undefined> {
    const { authors } = this.#tables
    const [row] = await tx.select().from(authors).where(eq(authors.subjectRef, subjectRef))
    return row
  }

  async askForRole(tx: Tx, row: AuthorRow): Promise<void> {
    await tx.insert(this.#tables.authors).values(row).onConflictDoNothing()
  }

  /** Grants or takes the role; false for a code that nobody asked with. */
  async grant(tx: Tx, code: string, granted: boolean): Promise<boolean> {
    const { authors } = this.#tables
    const rows = await tx
      .update(authors)
      .set({ granted })
      .where(eq(authors.code, code))
      .returning({ code: authors.code })
    return rows.length > 0
  }

  async authors(tx: Tx): Promise<readonly AuthorRow[]> {
    const { authors } = this.#tables
    return tx.select().from(authors).orderBy(authors.at)
  }
  async #release(tx: Tx, row: ReleaseRow): Promise<Release> {
    const { digest, kid, signature, contentDigest, ...fields } = row
    const documents = (await this.documents(tx, contentDigest)) ?? new Map<string, string>()
    return { content: { ...fields, documents }, digest, kid, signature }
  }
}
