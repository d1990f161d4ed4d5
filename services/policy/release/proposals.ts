import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import { AccessDenied, Conflict, NotFound } from '../../kernel/errors.ts'
import { orderedId, type Random } from '../../kernel/random.ts'
import type { DocumentChange, Intent } from '../api.ts'
import type { PolicyDocuments } from '../policy-library.ts'
import type { HeldPolicy } from '../policy-in-force.ts'
import { askGates, type GateDependencies } from './ask-gates.ts'
import type { PolicyAuthors } from './authors.ts'
import { changedDocuments, changesBetween } from './draft.ts'
import { ANOTHER_BASE, requireInForce } from './release-chain.ts'
import type { ReleaseKeys } from './release-keys.ts'
import { contentDigest } from './release.ts'
import { ReleaseStore, type ProposalRow } from './release-store.ts'

export interface ProposalsDependencies extends GateDependencies {
  readonly database: UnitOfWork
  readonly random: Random
  readonly authors: Pick<PolicyAuthors, 'require' | 'requireIn'>
  readonly keys: Pick<ReleaseKeys, 'next'>
}

export interface NewProposal {
  readonly basePolicyDigest: string
  readonly changes: readonly DocumentChange[]
  readonly note: string
  /** `any` where nothing is said. */
  readonly intent?: Intent
}

export interface Proposal {
  readonly row: ProposalRow
  readonly documents: PolicyDocuments
  readonly changes: readonly DocumentChange[]
  /** Whether what it was made from is still in force. */
  readonly current: boolean
}

const MAX_PROPOSALS = 50

/** What authors propose to publish, until another person decides, or they think better of it. */
export class PolicyProposals {
  readonly #deps: ProposalsDependencies
  readonly #store: ReleaseStore

  constructor(deps: ProposalsDependencies) {
    this.#deps = deps
    this.#store = new ReleaseStore(deps.database)
  }

  /**
   * Proposes changes of what is in force, and the release key that waits to be named. A draft that no gate lets through may be
   * shown to others, and not approved.
   * @throws Conflict when something else is in force, or is by the time that the gates are through; Unavailable as `check`
   */
  async propose(subjectRef: string, proposal: NewProposal): Promise<Proposal> {
    const { basePolicyDigest, changes, note, intent = 'any' } = proposal
    await this.#deps.authors.require(subjectRef)
    const { held } = this.#deps.inForce
    if (basePolicyDigest !== held.policy.digest) throw new Conflict(ANOTHER_BASE)
    const documents = changedDocuments(held.documents, changes)
    return this.#propose(subjectRef, held, documents, { note, intent, rolledBackTo: null })
  }

  /** Proposes the documents of an earlier release. Throws as `propose` does, and NotFound. */
  async rollBack(
    subjectRef: string,
    sequence: number,
    { note, intent = 'any' }: Pick<NewProposal, 'note' | 'intent'>,
  ): Promise<Proposal> {
    await this.#deps.authors.require(subjectRef)
    const release = await this.#deps.database.read((tx) => this.#store.release(tx, sequence))
    if (release === undefined) throw new NotFound('expected a release')
    const said = { note, intent, rolledBackTo: sequence }
    return this.#propose(subjectRef, this.#deps.inForce.held, release.content.documents, said)
  }

  /** Ends a proposal of one's own. */
  async withdraw(subjectRef: string, id: string): Promise<Proposal> {
    return this.#end(subjectRef, id, { state: 'withdrawn', refusal: null })
  }

  /** Ends a proposal of somebody else, and tells why. */
  async refuse(subjectRef: string, id: string, reason: string): Promise<Proposal> {
    return this.#end(subjectRef, id, { state: 'refused', refusal: reason })
  }

  /** @throws NotFound */
  async one(id: string): Promise<Proposal> {
    return this.#deps.database.read(async (tx) => {
      const row = await this.#store.proposal(tx, id)
      if (row === undefined) throw new NotFound('expected a proposal')
      return this.#proposal(tx, row)
    })
  }

  /** Newest first, at most 50. */
  async list(): Promise<readonly Proposal[]> {
    return this.#deps.database.read(async (tx) => {
      const found = []
      for (const row of await this.#store.proposals(tx, MAX_PROPOSALS))
        found.push(await this.#proposal(tx, row))
      return found
    })
  }

  async #propose(
    subjectRef: string,
    base: HeldPolicy,
    documents: PolicyDocuments,
    said: Pick<ProposalRow, 'note' | 'intent' | 'rolledBackTo'>,
  ): Promise<Proposal> {
    const { database, clock, random, authors, keys } = this.#deps
    const { report } = await askGates(this.#deps, base, { ...said, documents })
    const at = clock.now()
    const id = orderedId(random, at)
    await database.run(async (tx) => {
      const author = await authors.requireIn(tx, subjectRef)
      await requireInForce(tx, this.#store, base)
      await this.#store.keep(tx, base.documents)
      await this.#store.keep(tx, documents)
      await this.#store.addProposal(tx, {
        ...{ id, state: 'open', author, ...said, at, report },
        basePolicyDigest: base.policy.digest,
        baseContentDigest: base.contentDigest,
        contentDigest: contentDigest(documents),
        successor: (await keys.next(tx))?.kid ?? null,
        ...{ decidedBy: null, refusal: null },
      })
    })
    return this.one(id)
  }

  async #end(
    subjectRef: string,
    id: string,
    end: { readonly state: 'withdrawn' | 'refused'; readonly refusal: string | null },
  ): Promise<Proposal> {
    const code = await this.#deps.authors.require(subjectRef)
    const { row } = await this.one(id)
    if ((row.author === code) !== (end.state === 'withdrawn'))
      throw new AccessDenied(
        'PERMISSION_DENIED',
        'expected the author to withdraw, or another to refuse',
      )
    const done = await this.#deps.database.run((tx) =>
      this.#store.decideProposal(tx, id, { ...end, decidedBy: code }),
    )
    if (done === undefined) throw new Conflict('expected an open proposal')
    return this.one(id)
  }

  async #proposal(tx: Tx, row: ProposalRow): Promise<Proposal> {
    const { inForce } = this.#deps
    const [base, documents] = [
      await this.#store.documents(tx, row.baseContentDigest),
      await this.#store.documents(tx, row.contentDigest),
    ]
    if (base === undefined || documents === undefined)
      throw new TypeError(`the documents of proposal ${row.id} are gone`)
    return {
      row,
      documents,
      changes: changesBetween(base, documents),
      current: row.baseContentDigest === inForce.held.contentDigest,
    }
  }
}
