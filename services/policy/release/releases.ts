import { isUniqueViolation } from '../../database/errors.ts'
import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import { AccessDenied, ConfigError, Conflict, NotFound } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import type { DocumentChange, GateReport, Intent } from '../api.ts'
import type { ActivePolicy } from '../active-policy.ts'
import { PolicyLibrary, type PolicyDocuments } from '../policy-library.ts'
import type { HeldPolicy, ReadPolicy } from '../policy-in-force.ts'
import { askGates, type GateDependencies } from './ask-gates.ts'
import type { PolicyAuthors } from './authors.ts'
import { changedDocuments } from './draft.ts'
import type { GateAnswer } from './gate-thread.ts'
import type { PolicyProposals } from './proposals.ts'
import { ANOTHER_BASE, requireInForce, type ReleaseChain } from './release-chain.ts'
import type { ReleaseKeys } from './release-keys.ts'
import { signRelease, type Release, type ReleaseHead } from './release.ts'
import { ReleaseStore, type ProposalRow } from './release-store.ts'

export interface ReleasesDependencies extends GateDependencies {
  readonly database: UnitOfWork
  readonly log: Log
  readonly chain: ReleaseChain
  readonly keys: Pick<ReleaseKeys, 'signing' | 'named'>
  readonly authors: Pick<PolicyAuthors, 'require' | 'requireIn'>
  readonly proposals: Pick<PolicyProposals, 'one'>
  /** Tells, in the same transaction, that a policy is in force, and makes every person due. */
  readonly activate: (tx: Tx, policy: ActivePolicy, now: Date) => Promise<void>
}

/**
 * Publishing by two persons: one proposes, another approves, and what is approved is signed, put in a chain, and in force at
 * once. A release never goes back: rolling back publishes old documents anew.
 */
export class PolicyReleases {
  readonly #deps: ReleasesDependencies
  readonly #store: ReleaseStore
  #refused = 0

  constructor(deps: ReleasesDependencies) {
    this.#deps = deps
    this.#store = new ReleaseStore(deps.database)
  }

  /**
   * Takes the newest release, or the installed packs where there is none. Call it once before anything is answered.
   * @throws ConfigError for a release that does not verify: nothing else may answer in its place
   */
  async start(): Promise<void> {
    const { database, chain, inForce, activate, clock } = this.#deps
    const newest = await database.read((tx) => chain.newest(tx))
    if (newest !== undefined) {
      const { release, refused } = newest
      if (refused !== null) {
        throw new ConfigError(
          `policy release ${refused.sequence} is refused (${refused.flaw}): expected one signed with policy-releases.pem, or with the key that the releases signed so hand over to`,
        )
      }
      inForce.take(release.content.sequence, inForce.read(release.content.documents))
    }
    await database.run(async (tx) => {
      await this.#note(tx, inForce.held)
      await activate(tx, inForce.policy, clock.now())
    })
  }

  /** Takes a release that another process published; one that does not verify leaves what is in force, and is told of once. */
  async refresh(): Promise<boolean> {
    const { database, chain, inForce, log } = this.#deps
    const head = await database.read((tx) => this.#store.head(tx))
    const sequence = head?.sequence ?? 0
    if (sequence <= inForce.held.sequence || sequence === this.#refused) return false
    const newest = await database.read((tx) => chain.newest(tx))
    if (newest === undefined) return false
    if (newest.refused !== null) {
      this.#refused = sequence
      log.error('POLICY_RELEASE_REFUSED', { code: newest.refused.flaw })
      return false
    }
    const { content } = newest.release
    inForce.take(content.sequence, inForce.read(content.documents))
    return true
  }

  /** What is in force. */
  current(): {
    readonly sequence: number
    readonly policyDigest: string
    readonly documents: PolicyDocuments
  } {
    const { sequence, policy, documents } = this.#deps.inForce.held
    return { sequence, policyDigest: policy.digest, documents }
  }

  /**
   * Holds a draft against the gates. Rejects with `InvalidInput` for a change that no document may have, with the signal's reason
   * when it is aborted, and with `Unavailable` when the gates take too long.
   */
  async check(
    changes: readonly DocumentChange[],
    intent: Intent = 'any',
    signal?: AbortSignal,
  ): Promise<GateReport> {
    const { held } = this.#deps.inForce
    const documents = changedDocuments(held.documents, changes)
    const asked = { documents, intent, rolledBackTo: null }
    return (await askGates(this.#deps, held, asked, signal)).report
  }

  /** What is in force with changes. @throws InvalidInput */
  changed(changes: readonly DocumentChange[]): PolicyDocuments {
    return changedDocuments(this.#deps.inForce.held.documents, changes)
  }

  /** What a draft would put in force. @throws PolicyRejected, InvalidInput, NotFound */
  policyOf(changes: readonly DocumentChange[]): ActivePolicy {
    const { held, pack } = this.#deps.inForce
    const documents = changedDocuments(held.documents, changes)
    return new PolicyLibrary(documents, undefined, held.library).policyOf(pack)
  }

  /**
   * Publishes a proposal of somebody else and puts it in force.
   * @param looked digest of the documents that the approver looked at
   * @throws Conflict when it is not open, not of what is in force, or does not pass, also when that comes to be so while the
   * gates are at work; Unavailable as `check`, and where the release key is not here. The proposal then stays as it was.
   */
  async approve(subjectRef: string, id: string, looked: string): Promise<Release> {
    const { inForce, authors, log } = this.#deps
    const { held: base } = inForce
    const { row, documents } = await this.#deps.proposals.one(id)
    mayApprove(await authors.require(subjectRef), { row, looked, base })
    const asked = { ...row, documents }
    const { report, versions } = await askGates(this.#deps, base, asked)
    if (!report.passed) throw new Conflict('expected a proposal that passes every gate')
    const after = inForce.read(documents)
    const release = await this.#publish(subjectRef, { id, base, after, versions })
    inForce.take(release.content.sequence, after)
    log.info('POLICY_RELEASED', { version: after.policy.pack.version })
    return release
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

  /** Everything that was looked at before the gates is looked at again: they take their time. */
  async #publish(
    subjectRef: string,
    { id, base, after, versions }: ReadyToPublish,
  ): Promise<Release> {
    const { database, clock, keys, inForce, authors, activate } = this.#deps
    const publishedAt = clock.now()
    return database.run(async (tx) => {
      const approver = await authors.requireIn(tx, subjectRef)
      const published = { state: 'published', decidedBy: approver, refusal: null } as const
      const row = await this.#store.decideProposal(tx, id, published)
      if (row === undefined) throw new Conflict('expected an open proposal')
      if (row.contentDigest !== after.contentDigest)
        throw new Conflict('expected the documents that the gates looked at')
      if (row.baseContentDigest !== base.contentDigest) throw new Conflict(ANOTHER_BASE)
      const before = await requireInForce(tx, this.#store, base)
      const { author, note, intent, rolledBackTo } = row
      const content = {
        sequence: base.sequence + 1,
        previous: before?.digest ?? null,
        pack: inForce.pack,
        policyDigest: after.policy.digest,
        documents: after.documents,
        ...{ versions, author, approver, note, intent, rolledBackTo, publishedAt },
        successor: await keys.named(tx, row.successor),
      }
      const signed = signRelease(content, await keys.signing(tx))
      await this.#add(tx, signed)
      await this.#note(tx, after)
      await activate(tx, after.policy, publishedAt)
      return signed
    })
  }

  /** @throws Conflict for the second of two that found the same number free at the same moment */
  async #add(tx: Tx, release: Release): Promise<void> {
    try {
      await this.#store.addRelease(tx, release)
    } catch (error) {
      if (isUniqueViolation(error)) throw new Conflict(ANOTHER_BASE, { cause: error })
      throw error
    }
  }

  async #note(tx: Tx, { policy, documents }: ReadPolicy): Promise<void> {
    const { inForce, clock } = this.#deps
    const row = { policyDigest: policy.digest, pack: inForce.pack, since: clock.now() }
    await this.#store.noteInForce(tx, row, documents)
  }
}

interface ReadyToPublish {
  readonly id: string
  /** What the gates held it against. */
  readonly base: HeldPolicy
  readonly after: ReadPolicy
  readonly versions: GateAnswer['versions']
}

/** INVARIANT: two persons stand behind what is in force. */
function mayApprove(
  approver: string,
  {
    row,
    looked,
    base,
  }: { readonly row: ProposalRow; readonly looked: string; readonly base: HeldPolicy },
): void {
  if (row.author === approver)
    throw new AccessDenied('PERMISSION_DENIED', 'expected another person than the author')
  if (row.state !== 'open') throw new Conflict('expected an open proposal')
  if (row.contentDigest !== looked)
    throw new Conflict('expected the digest of the documents of this proposal')
  if (row.baseContentDigest !== base.contentDigest) throw new Conflict(ANOTHER_BASE)
}
