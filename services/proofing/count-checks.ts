import type { Tx } from '../database/unit-of-work.ts'
import { monthOf, type CardlessUse, type CheckUse } from './check-use.ts'
import type { Session } from './session.ts'
import type { CertificateRow, ProofingStore } from './store.ts'
import type { SubmissionParts } from './submission.ts'

/** Counts the check of a tap, before it is made: whoever bills it counts those that fail as well. */
export async function countCheck(
  { database, store, clock }: SubmissionParts,
  { purpose, keyUse, rpId }: Session,
): Promise<void> {
  const month = monthOf(clock.now())
  await database.run((tx) =>
    store.addChecks(tx, { month, use: purpose, kind: keyUse, rpId, count: 1 }),
  )
}

/** Counts checks of these certificates that no tap was made for. */
export async function countChecks(
  { database, store, clock }: SubmissionParts,
  use: CheckUse,
  rows: readonly CertificateRow[],
): Promise<void> {
  if (rows.length === 0) return
  const month = monthOf(clock.now())
  await database.run(async (tx) => {
    for (const kind of ['signature', 'authentication'] as const) {
      const count = rows.filter((row) => row.kind === kind).length
      if (count > 0) await store.addChecks(tx, { month, use, kind, rpId: '', count })
    }
  })
}

/** A login would have taken the authentication certificate, attributes the one for signatures. */
export function countCardless(
  store: ProofingStore,
  tx: Tx,
  { use, rpId, at }: CardlessUse,
): Promise<void> {
  const kind = use === 'cardless-login' ? 'authentication' : 'signature'
  return store.addChecks(tx, { month: monthOf(at), use, kind, rpId, count: 1 })
}
