import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import { constantTimeEqual } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { ConfigError, InvalidInput } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { PolicyPort } from '../policy/ports.ts'
import { relyingPartyChanged } from './events.ts'
import { readRegistration, type RegistrationFile } from './read-registration.ts'
import { isOffered, knownFloors } from './registered-minimum.ts'
import type { Registration } from './registration.ts'
import { FederationStore, type StoredRegistration } from './store.ts'

export interface SeedDependencies {
  readonly unitOfWork: UnitOfWork
  readonly publisher: Publisher
  readonly policy: Pick<PolicyPort, 'readMinimum'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes the registrations of `files` into the registry. What has not changed is left alone, also when the policy in force offers its
 * minimum no more: one service that is not answered must not keep the others from a start. What has changed gets a new version
 * and a `RelyingPartyChanged`; a relying party whose file is gone is kept, inactive.
 * @returns ids of the relying parties that changed
 * @throws InvalidInput naming file and place, or the relying party whose new minimum is not offered; nothing is taken then
 */
export async function seedRegistry(
  deps: SeedDependencies,
  files: readonly RegistrationFile[],
): Promise<readonly string[]> {
  const registrations = files.map(readRegistration)
  refuseDoubles(registrations)
  const { policy, log } = deps
  const store = new FederationStore(deps.unitOfWork)
  const at = deps.clock.now()
  const changed = await deps.unitOfWork.run(async (tx) => {
    const changes = changesOf(await store.registrations(tx), registrations)
    for (const { registration } of changes)
      if (registration.active) refuseUnoffered(policy, registration)
    for (const { registration, digest, version } of changes) {
      await store.saveRegistration(tx, { registration, digest, version }, at)
      const floors = knownFloors(policy, registration.minimum)
      const change = { registration, floors, version, at }
      await deps.publisher.publish(tx, relyingPartyChanged(change))
    }
    return changes.map(({ registration }) => registration.rpId)
  })
  for (const rpId of changed) log.info('RELYING_PARTY_CHANGED', { rpId })
  for (const { rpId, minimum, active } of registrations)
    if (active && !isOffered(policy, minimum)) log.error('RELYING_PARTY_UNANSWERED', { rpId })
  return changed
}

/** What the registry has to take: new and changed registrations, and those whose file is gone, switched off. */
function changesOf(
  rows: readonly StoredRegistration[],
  registrations: readonly Registration[],
): readonly StoredRegistration[] {
  const known = new Map(rows.map((row) => [row.registration.rpId, row]))
  const gone = rows
    .map(({ registration }) => registration)
    .filter(({ rpId, active }) => active && !registrations.some((kept) => kept.rpId === rpId))
  const wanted = [...registrations, ...gone.map((old) => ({ ...old, active: false }))]
  return wanted.flatMap((registration) => {
    const before = known.get(registration.rpId)
    const digest = sha256(canonicalJson(registration))
    if (before !== undefined && constantTimeEqual(before.digest, digest)) return []
    return [{ registration, digest, version: (before?.version ?? 0) + 1 }]
  })
}

function refuseUnoffered(
  policy: SeedDependencies['policy'],
  { rpId, minimum, purposes }: Registration,
): void {
  try {
    for (const one of [minimum, ...purposes.map((purpose) => purpose.minimum)])
      policy.readMinimum(one)
  } catch (cause) {
    if (!(cause instanceof InvalidInput)) throw cause
    throw new InvalidInput(rpId, `a minimum that the policy in force offers; ${cause.message}`, {
      cause,
    })
  }
}

function refuseDoubles(registrations: readonly Registration[]): void {
  const seen = new Set<string>()
  for (const { rpId } of registrations) {
    if (seen.has(rpId)) throw new ConfigError(`relying party \`${rpId}\` is registered twice`)
    seen.add(rpId)
  }
}
