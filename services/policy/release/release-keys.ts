import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import { eventKeyId } from '../../eventlog/event-trust.ts'
import { Conflict, Unavailable } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import type { ReleaseChain } from './release-chain.ts'
import type { ReleaseKey } from './release.ts'
import { asSuccessor, handedOver, type SuccessorKey, type TrustedKeys } from './trusted-keys.ts'

/** Where the keys lie that releases are signed with: the pinned one is number 1, its successor number 2. */
export interface ReleaseKeyFiles {
  /** Public half of number 1, which alone has to be there. */
  readonly pinned: ReleaseKey['publicKey']
  /** How the operator calls the place of a key. */
  fileOf(number: number): string
  /** Undefined where it is not there, or only its public half is. */
  find(number: number): ReleaseKey | undefined
  /** Makes the key unless it is there already. @throws Unavailable where it cannot be written */
  make(number: number): ReleaseKey
}

export interface ReleaseKeysDependencies {
  readonly database: UnitOfWork
  readonly log: Log
  readonly chain: ReleaseChain
  readonly files: ReleaseKeyFiles
}

export interface ListedKey {
  readonly file: string
  readonly kid: string
  /** `next` waits for a proposal to name it. */
  readonly state: 'retired' | 'current' | 'next'
  /** Whether it can sign here. */
  readonly held: boolean
}

/**
 * The keys that sign releases, one at a time. The next one is made by the operator, named by a proposal, and signs from the
 * release on that follows the one in which two persons named it.
 */
export class ReleaseKeys {
  readonly #deps: ReleaseKeysDependencies

  constructor(deps: ReleaseKeysDependencies) {
    this.#deps = deps
  }

  /** Oldest first. Throws as `next` does. */
  async list(): Promise<readonly ListedKey[]> {
    const { files } = this.#deps
    const trusted = await this.#trusted()
    const kids = [...trusted.retired, trusted.kid]
    const next = this.#nextOf(trusted)
    return [...kids, ...(next === null ? [] : [next.kid])].map((kid, i) => {
      const found = files.find(i + 1)
      const held = found !== undefined && eventKeyId(found.publicKey) === kid
      const state = i < kids.length - 1 ? 'retired' : i < kids.length ? 'current' : 'next'
      return { file: files.fileOf(i + 1), kid, state, held }
    })
  }

  /**
   * Makes the next key, unless there is one that waits to be named.
   * @throws Unavailable where the key that has to name it is not here, or the next one cannot be written
   */
  async rotate(): Promise<void> {
    const trusted = await this.#trusted()
    this.#signingOf(trusted)
    const { files, log } = this.#deps
    const number = numberOf(trusted) + 1
    if (files.find(number) !== undefined) return
    files.make(number)
    log.info('POLICY_RELEASE_KEY_MADE', { count: number })
  }

  /**
   * The key that a proposal names now: null where there is none to hand over to.
   * @throws Conflict where the chain does not verify; Unavailable for a file with a key that was given up
   */
  async next(tx: Tx): Promise<SuccessorKey | null> {
    return this.#nextOf(await this.#deps.chain.keys(tx))
  }

  /** The key that signs the next release. Throws as `next` does, and Unavailable where it is not here. */
  async signing(tx: Tx): Promise<ReleaseKey> {
    return this.#signingOf(await this.#deps.chain.keys(tx))
  }

  /**
   * The key that a proposal named when it was made.
   * @param kid null where it named none
   * @throws Conflict when it is not the one that waits now
   */
  async named(tx: Tx, kid: string | null): Promise<SuccessorKey | null> {
    if (kid === null) return null
    const next = await this.next(tx)
    if (next?.kid !== kid)
      throw new Conflict('expected a proposal that names the release key that comes next')
    return next
  }

  #trusted(): Promise<TrustedKeys> {
    return this.#deps.database.read((tx) => this.#deps.chain.keys(tx))
  }

  #signingOf(trusted: TrustedKeys): ReleaseKey {
    const { files } = this.#deps
    const number = numberOf(trusted)
    const key = files.find(number)
    if (key === undefined || eventKeyId(key.publicKey) !== trusted.kid)
      throw new Unavailable(
        `expected the private key that signs releases in \`${files.fileOf(number)}\``,
      )
    return key
  }

  #nextOf(trusted: TrustedKeys): SuccessorKey | null {
    const { files } = this.#deps
    const number = numberOf(trusted) + 1
    const key = files.find(number)
    if (key === undefined) return null
    const successor = asSuccessor(key.publicKey)
    if (handedOver(trusted, successor) === undefined)
      throw new Unavailable(
        `expected a key that never signed releases in \`${files.fileOf(number)}\``,
      )
    return successor
  }
}

function numberOf({ retired }: TrustedKeys): number {
  return retired.length + 1
}
