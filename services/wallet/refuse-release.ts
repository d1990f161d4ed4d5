import type { Tx } from '../database/unit-of-work.ts'
import { Conflict } from '../kernel/errors.ts'
import { isIndividualNumber } from '../kernel/individual-number.ts'
import { opaqueId } from '../kernel/random.ts'
import { findClaim } from './catalogue.ts'
import { releaseRefused } from './events.ts'
import { appendRecord, partiesOf } from './ledger.ts'
import type { RefusalReason, ReleaseRequest } from './ports.ts'
import { statusOfRefusal } from './release-state.ts'
import type { ReleaseRow } from './release-store.ts'
import type { WalletParts } from './wallet-parts.ts'

/** Records that a request was refused; idempotent. `Conflict` when it was granted. */
export async function refuseRelease(
  parts: WalletParts,
  request: ReleaseRequest,
  personaId: string | undefined,
  reason: RefusalReason,
  at: Date,
): Promise<void> {
  await parts.database.run(async (tx) => {
    const person = await parts.people.find(tx, request.subjectRef)
    if (person?.erasedAt) return
    const before = await parts.releases.byRequest(tx, request.requestId)
    if (before?.state === 'refused') return
    if (before && (before.state !== 'offered' || before.subjectRef !== request.subjectRef)) {
      throw new Conflict('the request was answered already')
    }
    const row = before ?? (await refusedRow(parts, tx, request, personaId))
    if (!before && !(await parts.releases.add(tx, row))) {
      throw new Conflict('the request was answered already')
    }
    await closeAsRefused(parts, tx, row, reason, at)
  })
  parts.log.info('RELEASE_REFUSED', { rpId: request.rpId, reason })
}

/** Ends an offer; inside the caller's unit of work. */
export async function closeAsRefused(
  parts: WalletParts,
  tx: Tx,
  row: ReleaseRow,
  reason: RefusalReason,
  at: Date,
): Promise<void> {
  const { releaseId, subjectRef, rpId, purposeId, personaId, levels } = row
  const closed = await parts.releases.move(tx, releaseId, ['offered'], { state: 'refused' })
  if (!closed) throw new Conflict('the request was answered already')
  const claims = namesForLedger(row.requested.map(({ name }) => name))
  const persona = personaId ? await parts.people.persona(tx, subjectRef, personaId) : undefined
  await appendRecord(parts, tx, subjectRef, {
    ...partiesOf(await parts.registry.find(tx, rpId), purposeId),
    at,
    status: statusOfRefusal(reason),
    persona: persona ? { personaId: persona.personaId, kind: persona.kind } : null,
    claims,
    levels,
    releaseId,
    reason,
    consent: null,
  })
  await parts.publisher.publish(
    tx,
    releaseRefused({ releaseId, subjectRef, rpId, purposeId, claims, reason, refusedAt: at }),
  )
}

async function refusedRow(
  { random, registry }: WalletParts,
  tx: Tx,
  request: ReleaseRequest,
  personaId: string | undefined,
): Promise<ReleaseRow> {
  const registration = await registry.find(tx, request.rpId)
  return {
    releaseId: opaqueId(random),
    requestId: request.requestId,
    subjectRef: request.subjectRef,
    rpId: request.rpId,
    sectorId: registration?.sectorId ?? '',
    purposeId: request.purposeId,
    personaId: personaId ?? null,
    state: 'offered',
    requested: request.claims,
    consented: [],
    levels: [],
    purposeDigest: null,
    valuesDigest: null,
    consentDigest: null,
    consentUntil: null,
    pairwiseSubject: null,
    issuedAt: null,
    reliableUntil: null,
    retainedUntil: null,
  }
}

/** Asking too much is worth reading, free text of a relying party is not. */
function namesForLedger(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (isIndividualNumber(name)) return ['individual_number']
    return findClaim(name) ? [name] : []
  })
}
