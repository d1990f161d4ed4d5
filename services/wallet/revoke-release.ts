import type { Tx } from '../database/unit-of-work.ts'
import { NotFound } from '../kernel/errors.ts'
import { releaseRevoked, type RevocationReason } from './events.ts'
import { appendRecord, partiesOf } from './ledger.ts'
import type { LedgerStatus } from './release-state.ts'
import type { ReleaseRow } from './release-store.ts'
import type { WalletParts } from './wallet-parts.ts'

export type RevokingParty =
  | { readonly subjectRef: string; readonly rpId?: undefined }
  | { readonly rpId: string; readonly subjectRef?: undefined }

/**
 * Ends a release for good; again is no fault, and so is one whose time is over. `NotFound` when there is no such release
 * of this person or relying party.
 */
export async function revokeRelease(
  parts: WalletParts,
  releaseId: string,
  by: RevokingParty,
  at: Date,
): Promise<void> {
  await parts.database.run(async (tx) => {
    const row = await parts.releases.byId(tx, releaseId)
    const own = row && (by.rpId === row.rpId || by.subjectRef === row.subjectRef)
    if (!own || row.state === 'offered' || row.state === 'refused') {
      throw new NotFound('expected a release of your own')
    }
    if (row.state !== 'issued') return
    const reason = by.rpId === undefined ? 'BY_PERSON' : 'BY_RELYING_PARTY'
    await endRelease(parts, tx, row, 'revoked', reason, at)
    parts.log.info('RELEASE_REVOKED', { rpId: row.rpId, reason })
  })
}

/** Moves a release out of force, destroys what was kept of it, and records that; inside the caller's unit of work. */
export async function endRelease(
  parts: WalletParts,
  tx: Tx,
  row: ReleaseRow,
  state: 'revoked' | 'expired',
  reason: RevocationReason | 'RETENTION_ENDED',
  at: Date,
): Promise<void> {
  const { releaseId, subjectRef, rpId, purposeId, personaId, consented, levels } = row
  if (!(await parts.releases.move(tx, releaseId, ['issued'], { state }))) return
  await parts.keyStore.destroy(tx, await parts.releases.dropValues(tx, releaseId))
  const persona = personaId ? await parts.people.persona(tx, subjectRef, personaId) : undefined
  const status: LedgerStatus = state
  await appendRecord(parts, tx, subjectRef, {
    ...partiesOf(await parts.registry.find(tx, rpId), purposeId),
    at,
    status,
    persona: persona ? { personaId: persona.personaId, kind: persona.kind } : null,
    claims: consented,
    levels,
    releaseId,
    reason,
    consent: null,
  })
  if (reason === 'RETENTION_ENDED') return
  await parts.publisher.publish(
    tx,
    releaseRevoked({ releaseId, subjectRef, rpId, reason, revokedAt: at }),
  )
}
