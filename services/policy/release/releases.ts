import type { KeyObject } from 'node:crypto'
import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import { eventKeyId } from '../../eventlog/event-trust.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AccessDenied, ConfigError, Conflict, NotFound } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import { orderedId, type Random } from '../../kernel/random.ts'
import type { DocumentChange, GateReport, Intent } from '../api.ts'
import type { ActivePolicy } from '../active-policy.ts'
import { PolicyLibrary, type PolicyDocuments } from '../policy-library.ts'
import type { PolicyInForce } from '../policy-in-force.ts'
import type { PolicyAuthors } from './authors.ts'
import { changedDocuments, changesBetween } from './draft.ts'
import { passGates, type GateFindings } from './gates.ts'
import {
  authorCode,
  contentDigest,
  releaseFlaw,
  signRelease,
  type Release,
  type ReleaseHead,
  type ReleaseKey,
} from './release.ts'
import { ReleaseStore, type ProposalRow } from './release-store.ts'

export interface ReleasesDependencies {
  readonly database: UnitOfWork
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly key: ReleaseKey
  readonly inForce: PolicyInForce
  readonly authors: Pick<PolicyAuthors, 'require'>
  /** Tells, in the same transaction, that a policy is in force, and makes every person due. */
  readonly activate: (tx: Tx, policy: ActivePolicy, now: Date) => Promise<void>
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

/**
 * Publishing by two persons: one proposes, another approves, and what is approved is signed, put in a chain, and in force at
 * once. A release never goes back: rolling back publishes old documents anew.
 */
export class PolicyReleases {
  readonly #deps: ReleasesDependencies
  readonly #store: ReleaseStore
  readonly #trusted: ReadonlyMap<string, KeyObject>
  #refused = 0

  constructor(deps: ReleasesDependencies) {
    this.#deps = deps
    this.#store = new ReleaseStore(deps.database)
    this.#trusted = new Map([[eventKeyId(deps.key.publicKey), deps.key.publicKey]])
  }

  /**
   * Takes the newest release, or the installed packs where there is none. Call it once before anything is answered.
   * @throws ConfigError for a release that does not verify: nothing else may answer in its place
   */
  async start(): Promise<void> {
    const { database, inForce, activate, clock } = this.#deps
    const newest = await database.read((tx) => this.#newest(tx))
    if (newest !== undefined) {
      const { release, flaw } = newest
      if (flaw !== null) {
        throw new ConfigError(
          `policy release ${release.content.sequence} is refused (${flaw}): expected one signed with policy-releases.pem`,
        )
      }
      inForce.take(release.content.sequence, release.content.documents)
    }
    await database.run(async (tx) => {
      await this.#note(tx, inForce.policy, inForce.documents)
      await activate(tx, inForce.policy, clock.now())
    })
  }

  /** Takes a release that another process published; one that does not verify leaves what is in force, and is told of once. */
  async refresh(): Promise<boolean> {
    const { database, inForce, log } = this.#deps
    const sequence = await database.read((tx) => this.#store.newest(tx))
    if (sequence <= inForce.sequence || sequence === this.#refused) return false
    const newest = await database.read((tx) => this.#newest(tx))
    if (newest === undefined) return false
    if (newest.flaw !== null) {
      this.#refused = sequence
      log.error('POLICY_RELEASE_REFUSED', { code: newest.flaw })
      return false
    }
    inForce.take(newest.release.content.sequence, newest.release.content.documents)
    return true
  }

  /** What is in force. */
  current(): {
    readonly sequence: number
    readonly policyDigest: string
    readonly documents: PolicyDocuments
  } {
    const { sequence, policy, documents } = this.#deps.inForce
    return { sequence, policyDigest: policy.digest, documents }
  }

  /** Holds a draft against the gates. @throws InvalidInput for a change that no document may have */
  check(changes: readonly DocumentChange[], intent: Intent = 'any'): GateFindings {
    return this.#findings(this.changed(changes), { intent, rolledBackTo: null })
  }

  /** What is in force with changes. @throws InvalidInput */
  changed(changes: readonly DocumentChange[]): PolicyDocuments {
    return changedDocuments(this.#deps.inForce.documents, changes)
  }

  /** What a draft would put in force. @throws PolicyRejected, InvalidInput, NotFound */
  policyOf(changes: readonly DocumentChange[]): ActivePolicy {
    const library = new PolicyLibrary(this.changed(changes))
    return library.policyOf(this.#deps.inForce.pack)
  }

  /** Proposes changes of what is in force. A draft that no gate lets through may be shown to others, and not approved. */
  async propose(subjectRef: string, proposal: NewProposal): Promise<Proposal> {
    const { basePolicyDigest, changes, note, intent = 'any' } = proposal
    await this.#deps.authors.require(subjectRef)
    if (basePolicyDigest !== this.#deps.inForce.policy.digest)
      throw new Conflict('expected changes of what is in force: another policy is by now')
    return this.#propose(subjectRef, this.changed(changes), { note, intent, rolledBackTo: null })
  }

  /** Proposes the documents of an earlier release. */
  async rollBack(
    subjectRef: string,
    sequence: number,
    { note, intent = 'any' }: Pick<NewProposal, 'note' | 'intent'>,
  ): Promise<Proposal> {
    await this.#deps.authors.require(subjectRef)
    const { content } = await this.release(sequence)
    const said = { note, intent, rolledBackTo: sequence }
    return this.#propose(subjectRef, content.documents, said)
  }

  /**
   * Publishes a proposal of somebody else and puts it in force.
   * @param looked digest of the documents that the approver looked at
   */
  async approve(subjectRef: string, id: string, looked: string): Promise<Release> {
    const { database, clock, key, inForce, activate, log } = this.#deps
    const approver = await this.#deps.authors.require(subjectRef)
    const { row, documents, current } = await this.proposal(id)
    // INVARIANT: two persons stand behind what is in force.
    if (row.author === approver)
      throw new AccessDenied('PERMISSION_DENIED', 'expected another person than the author')
    if (row.contentDigest !== looked)
      throw new Conflict('expected the digest of the documents of this proposal')
    if (!current) throw new Conflict('expected a proposal of what is in force: make it anew')
    const { passed, policy, versions } = this.#findings(documents, row)
    if (!passed || policy === undefined)
      throw new Conflict('expected a proposal that passes every gate')
    const publishedAt = clock.now()
    const published = { state: 'published', decidedBy: approver, refusal: null } as const
    const release = await database.run(async (tx) => {
      if (!(await this.#store.decideProposal(tx, id, published)))
        throw new Conflict('expected an open proposal')
      const before = await this.#store.release(tx, await this.#store.newest(tx))
      if ((before?.content.sequence ?? 0) !== inForce.sequence)
        throw new Conflict('expected a proposal of what is in force: make it anew')
      const content = {
        sequence: inForce.sequence + 1,
        previous: before?.digest ?? null,
        pack: inForce.pack,
        policyDigest: policy.digest,
        versions,
        ...{ documents, author: row.author, approver, note: row.note, intent: row.intent },
        ...{ rolledBackTo: row.rolledBackTo, publishedAt },
      }
      const signed = signRelease(content, key)
      await this.#store.addRelease(tx, signed)
      await this.#note(tx, policy, documents)
      await activate(tx, policy, publishedAt)
      return signed
    })
    inForce.take(release.content.sequence, documents)
    log.info('POLICY_RELEASED', { version: policy.pack.version })
    return release
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
  async proposal(id: string): Promise<Proposal> {
    return this.#deps.database.read(async (tx) => {
      const row = await this.#store.proposal(tx, id)
      if (row === undefined) throw new NotFound('expected a proposal')
      return this.#proposal(tx, row)
    })
  }

  /** Newest first, at most 50. */
  async proposals(): Promise<readonly Proposal[]> {
    return this.#deps.database.read(async (tx) => {
      const found = []
      for (const row of await this.#store.proposals(tx, MAX_PROPOSALS))
        found.push(await this.#proposal(tx, row))
      return found
    })
  }

  /** Newest first. */
  async releases(): Promise<readonly ReleaseHead[]> {
    return this.#deps.database.read((tx) => this.#store.releases(tx))
  }

  /** @throws NotFound */
  async release(sequence: number): Promise<Release> {
    const release = await this.#deps.database.read((tx) => this.#store.release(tx, sequence))
    if (release === undefined) throw new NotFound('expected a release')
    return release
  }

  async #propose(
    subjectRef: string,
    documents: PolicyDocuments,
    said: Pick<ProposalRow, 'note' | 'intent' | 'rolledBackTo'>,
  ): Promise<Proposal> {
    const { database, clock, random, inForce } = this.#deps
    const at = clock.now()
    const report = toReport(this.#findings(documents, said))
    const row: ProposalRow = {
      id: orderedId(random, at),
      state: 'open',
      author: authorCode(subjectRef),
      basePolicyDigest: inForce.policy.digest,
      baseContentDigest: inForce.contentDigest,
      contentDigest: contentDigest(documents),
      decidedBy: null,
      refusal: null,
      ...{ ...said, at, report },
    }
    const base = inForce.documents
    await database.run(async (tx) => {
      await this.#store.keep(tx, base)
      await this.#store.keep(tx, documents)
      await this.#store.addProposal(tx, row)
    })
    return this.proposal(row.id)
  }

  async #end(
    subjectRef: string,
    id: string,
    end: { readonly state: 'withdrawn' | 'refused'; readonly refusal: string | null },
  ): Promise<Proposal> {
    const code = await this.#deps.authors.require(subjectRef)
    const { row } = await this.proposal(id)
    if ((row.author === code) !== (end.state === 'withdrawn'))
      throw new AccessDenied(
        'PERMISSION_DENIED',
        'expected the author to withdraw, or another to refuse',
      )
    const done = await this.#deps.database.run((tx) =>
      this.#store.decideProposal(tx, id, { ...end, decidedBy: code }),
    )
    if (!done) throw new Conflict('expected an open proposal')
    return this.proposal(id)
  }

  #findings(
    documents: PolicyDocuments,
    { intent, rolledBackTo }: Pick<ProposalRow, 'intent' | 'rolledBackTo'>,
  ): GateFindings {
    const { inForce, clock } = this.#deps
    const { documents: before, pack } = inForce
    return passGates({ documents, pack, before, rolledBackTo, intent, now: clock.now() })
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
      current: row.baseContentDigest === inForce.contentDigest,
    }
  }

  async #newest(tx: Tx) {
    const sequence = await this.#store.newest(tx)
    const release = await this.#store.release(tx, sequence)
    if (release === undefined) return undefined
    const before = (await this.#store.release(tx, sequence - 1)) ?? null
    return { release, flaw: releaseFlaw(release, this.#trusted, before) }
  }

  async #note(tx: Tx, policy: ActivePolicy, documents: PolicyDocuments): Promise<void> {
    const { inForce, clock } = this.#deps
    const row = { policyDigest: policy.digest, pack: inForce.pack, since: clock.now() }
    await this.#store.noteInForce(tx, row, documents)
  }
}

const MAX_FAILED = 100

export function toReport(findings: GateFindings): GateReport {
  const { passed, diagnostics, tests, objections, raisesNobody } = findings
  return {
    passed,
    diagnostics: diagnostics.map(({ code, place, message, help }) => ({
      path: place.file,
      line: place.line,
      column: place.column,
      ...{ code, message, help: help ?? null },
    })),
    tests: {
      passed: tests.passed,
      failed: tests.failed.slice(0, MAX_FAILED).map((one) => ({ ...one })),
    },
    objections: objections.map((text) => ({ ...text })),
    ...(raisesNobody === undefined ? {} : { raisesNobody }),
  }
}
