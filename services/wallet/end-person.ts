import type { Tx } from '../database/unit-of-work.ts'
import { findPerson } from './person.ts'
import { endRelease } from './revoke-release.ts'
import type { WalletParts } from './wallet-parts.ts'

/**
 * The register has nobody under the person's certificate any more: nothing of what is kept stands, and what services hold in
 * force is taken back. Values and ledger stay under the person's keys until they are erased; inside the caller's unit of work.
 */
export async function endPerson(
  parts: WalletParts,
  tx: Tx,
  subjectRef: string,
  at: Date,
): Promise<void> {
  const person = await findPerson(parts, tx, subjectRef)
  if (!person) return
  await parts.people.markAllStale(tx, subjectRef)
  for (const row of await parts.releases.ofPerson(tx, subjectRef)) {
    await endRelease(parts, tx, row, 'revoked', 'PERSON_ENDED', at)
  }
}
