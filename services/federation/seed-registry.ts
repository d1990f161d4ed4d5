import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import { constantTimeEqual } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { PolicyPort } from '../policy/ports.ts'
import { relyingPartyChanged } from './events.ts'
import { readRegistration, type RegistrationFile } from './read-registration.ts'
import type { Registration } from './registration.ts'
import { FederationStore } from './store.ts'

export interface SeedDependencies {
  readonly unitOfWork: UnitOfWork
  readonly publisher: Publisher
  readonly policy: Pick<PolicyPort, 'checkMinimum'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes the registrations of `files` into the registry. What has not changed is left alone; what has gets a new version and a
 * `RelyingPartyChanged`; a relying party whose file is gone is kept, inactive.
 * @returns ids of the relying parties that changed
 * @throws InvalidInput naming file and place; nothing is taken then
 */
export async function seedRegistry(
  deps: SeedDependencies,
  files: readonly RegistrationFile[],
): Promise<readonly string[]> {
  const registrations = files.map(readRegistration)
  refuseDoubles(registrations)
  for (const { minimum, purposes } of registrations) {
    deps.policy.checkMinimum(minimum)
    for (const purpose of purposes) deps.policy.checkMinimum(purpose.minimum)
  }
  const store = new FederationStore(deps.unitOfWork)
  const at = deps.clock.now()
  const changed = await deps.unitOfWork.run(async (tx) => {
    const known = new Map(
      (await store.registrations(tx)).map((row) => [row.registration.rpId, row]),
    )
    const gone = [...known.values()]
      .map(({ registration }) => registration)
      .filter(({ rpId, active }) => active && !registrations.some((kept) => kept.rpId === rpId))
    const wanted = [...registrations, ...gone.map((old) => ({ ...old, active: false }))]
    const ids: string[] = []
    for (const registration of wanted) {
      const before = known.get(registration.rpId)
      const digest = sha256(canonicalJson(registration))
      if (before !== undefined && constantTimeEqual(before.digest, digest)) continue
      const version = (before?.version ?? 0) + 1
      await store.saveRegistration(tx, { registration, digest, version }, at)
      await deps.publisher.publish(tx, relyingPartyChanged(registration, version, at))
      ids.push(registration.rpId)
    }
    return ids
  })
  for (const rpId of changed) deps.log.info('RELYING_PARTY_CHANGED', { rpId })
  return changed
}

function refuseDoubles(registrations: readonly Registration[]): void {
  const seen = new Set<string>()
  for (const { rpId } of registrations) {
    if (seen.has(rpId)) throw new ConfigError(`relying party \`${rpId}\` is registered twice`)
    seen.add(rpId)
  }
}
