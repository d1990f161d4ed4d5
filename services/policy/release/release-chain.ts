import type { KeyObject } from 'node:crypto'
import type { Tx } from '../../database/unit-of-work.ts'
import { Conflict } from '../../kernel/errors.ts'
import type { HeldPolicy } from '../policy-in-force.ts'
import { releaseFlaw, type Release, type ReleaseFlaw } from './release.ts'
import type { ChainHead, ReleaseStore } from './release-store.ts'

/** What is told where something else came into force since. */
export const ANOTHER_BASE = 'expected a proposal of what is in force: make it anew'

/** Releases, each of which names the one before it. */
export class ReleaseChain {
  readonly #store: ReleaseStore
  readonly #trusted: ReadonlyMap<string, KeyObject>

  /** @param trusted public keys by their thumbprint */
  constructor(store: ReleaseStore, trusted: ReadonlyMap<string, KeyObject>) {
    this.#store = store
    this.#trusted = trusted
  }

  /** The newest release, and why it may not be put in force; undefined where there is none. */
  async newest(
    tx: Tx,
  ): Promise<{ readonly release: Release; readonly flaw: ReleaseFlaw | null } | undefined> {
    const sequence = (await this.#store.head(tx))?.sequence ?? 0
    const release = await this.#store.release(tx, sequence)
    if (release === undefined) return undefined
    const before = (await this.#store.release(tx, sequence - 1)) ?? null
    return { release, flaw: releaseFlaw(release, this.#trusted, before) }
  }
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
