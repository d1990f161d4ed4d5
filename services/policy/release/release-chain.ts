import type { KeyObject } from 'node:crypto'
import type { Tx } from '../../database/unit-of-work.ts'
import { Conflict } from '../../kernel/errors.ts'
import type { HeldPolicy } from '../policy-in-force.ts'
import { releaseFlaw, type Release, type ReleaseFlaw } from './release.ts'
import type { ChainHead, ReleaseStore } from './release-store.ts'
import { handedOver, trustedFrom, type TrustedKeys } from './trusted-keys.ts'

/** What is told where something else came into force since. */
export const ANOTHER_BASE = 'expected a proposal of what is in force: make it anew'

/** Releases, each of which names the one before it, signed with keys each of which was named by the one before. */
export class ReleaseChain {
  readonly #store: ReleaseStore
  readonly #pinned: TrustedKeys

  /** @param pinned the public key that the first release, or the first that still counts, is signed with */
  constructor(store: ReleaseStore, pinned: KeyObject) {
    this.#store = store
    this.#pinned = trustedFrom(pinned)
  }

  /** The newest release, and why it may not be put in force; undefined where there is none. */
  async newest(
    tx: Tx,
  ): Promise<{ readonly release: Release; readonly refused: RefusedRelease | null } | undefined> {
    const { sequence } = (await this.#store.head(tx)) ?? { sequence: 0 }
    const release = await this.#store.release(tx, sequence)
    if (release === undefined) return undefined
    const { keys, refused } = await this.#walk(tx, sequence)
    return { release, refused: refused ?? (await this.#refusal(tx, release, keys)) }
  }

  /**
   * Whom the next release is believed from.
   * @throws Conflict where a release that named a successor does not verify
   */
  async keys(tx: Tx): Promise<TrustedKeys> {
    const { keys, refused } = await this.#walk(tx, Infinity)
    if (refused !== null) throw new Conflict(`release ${refused.sequence}: ${refused.flaw}`)
    return keys
  }

  /** Whom a release of this number is believed from, by every release before it that named a successor. */
  async #walk(
    tx: Tx,
    sequence: number,
  ): Promise<{ readonly keys: TrustedKeys; readonly refused: RefusedRelease | null }> {
    let keys = this.#pinned
    for (const release of await this.#store.handOvers(tx, keys.kid)) {
      if (release.content.sequence >= sequence) break
      const refused = await this.#refusal(tx, release, keys)
      if (refused !== null) return { keys, refused }
      const { successor } = release.content
      keys = (successor && handedOver(keys, successor)) ?? keys
    }
    return { keys, refused: null }
  }

  async #refusal(tx: Tx, release: Release, keys: TrustedKeys): Promise<RefusedRelease | null> {
    const { sequence } = release.content
    const before = (await this.#store.release(tx, sequence - 1)) ?? null
    const flaw = releaseFlaw(release, keys, before)
    return flaw === null ? null : { sequence, flaw }
  }
}

/** A release that does not verify, and so nothing after it does. */
export interface RefusedRelease {
  readonly sequence: number
  readonly flaw: ReleaseFlaw
}

/**
 * Gives the newest release, or undefined for the installed packs.
 * @throws Conflict when it is another than the base: it was published since, perhaps by another process
 */
export async function requireInForce(
  tx: Tx,
  store: ReleaseStore,
  base: HeldPolicy,
): Promise<ChainHead | undefined> {
  const head = await store.head(tx)
  const same = head === undefined || head.contentDigest === base.contentDigest
  if ((head?.sequence ?? 0) !== base.sequence || !same) throw new Conflict(ANOTHER_BASE)
  return head
}
