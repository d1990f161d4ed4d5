import type { Tx } from '../database/unit-of-work.ts'
import type { PolicyPort } from '../policy/ports.ts'
import type { LevelRecord } from './interaction.ts'
import { axisKey } from './registration.ts'
import type { FederationStore } from './store.ts'

export interface LoginLevelDependencies {
  readonly store: FederationStore
  readonly policy: Pick<PolicyPort, 'isLowered' | 'lowestLoginLevel'>
}

/** A person at one relying party. */
export interface PersonThere {
  readonly rpId: string
  readonly pairwiseSubject: string
}

/**
 * Keeps what a completed request told. Where a login is of another level than the one before, also after a loss, the feed
 * tells it, so that who only watches knows as much as who asked.
 */
export async function noteToldLevels(
  { store, policy }: LoginLevelDependencies,
  tx: Tx,
  there: PersonThere,
  levels: readonly LevelRecord[],
  at: Date,
): Promise<void> {
  const { rpId, pairwiseSubject } = there
  const before = new Map(
    (await store.toldAxes(tx, rpId, pairwiseSubject)).map((told) => [axisKey(told), told]),
  )
  for (const { framework, axis, level, validUntil } of levels) {
    const ofLogins = policy.lowestLoginLevel(framework, axis) !== undefined
    const told = { framework, axis, loginLevel: ofLogins ? level : null }
    const previous = before.get(axisKey(told))?.loginLevel
    await store.saveToldAxis(tx, rpId, pairwiseSubject, told)
    if (!ofLogins || typeof previous !== 'string' || previous === level) continue
    const change = {
      ...{ framework, axis, level, previousLevel: previous },
      lowered: policy.isLowered(framework, axis, previous, level),
      validUntil: validUntil === null ? null : new Date(validUntil),
    }
    await store.appendFeed(tx, rpId, { kind: 'level', pairwiseSubject, ...change }, at)
  }
}

/** The authenticator of the last live login there was suspended or revoked: its levels fall to the lowest. Told once. */
export async function noteLoginLost(
  { store, policy }: LoginLevelDependencies,
  tx: Tx,
  { rpId, pairwiseSubject }: PersonThere,
  at: Date,
): Promise<void> {
  for (const told of await store.toldAxes(tx, rpId, pairwiseSubject)) {
    const { framework, axis, loginLevel: previousLevel } = told
    const level = policy.lowestLoginLevel(framework, axis)
    if (previousLevel === null || level === undefined || previousLevel === level) continue
    await store.saveToldAxis(tx, rpId, pairwiseSubject, { framework, axis, loginLevel: level })
    const change = { framework, axis, level, previousLevel, lowered: true, validUntil: null }
    await store.appendFeed(tx, rpId, { kind: 'level', pairwiseSubject, ...change }, at)
  }
}
