import type { Tx } from '../database/unit-of-work.ts'
import { subjectErased } from './events.ts'
import { chainStart } from './ledger-chain.ts'
import { appendRecord } from './ledger.ts'
import { findPerson } from './person.ts'
import { endRelease } from './revoke-release.ts'
import type { WalletParts } from './wallet-parts.ts'

/** How long records of disclosure outlive a profile: 3 years (個人情報保護法 29条, 施行規則 21条). */
const LEDGER_YEARS = 3

/**
 * Destroys a person's keys and with them every value; again is no fault. Relying parties are told that what they were given
 * is revoked. What stays is a marker of the random `subject_ref`, and the ledger under its own key for its legal time.
 */
export async function erasePerson(parts: WalletParts, subjectRef: string, at: Date): Promise<void> {
  const erased = await parts.database.run(async (tx) => {
    const person = await findPerson(parts, tx, subjectRef)
    if (!person) return false
    for (const row of await parts.releases.ofPerson(tx, subjectRef)) {
      await endRelease(parts, tx, row, 'revoked', 'SUBJECT_ERASED', at)
    }
    await appendRecord(parts, tx, subjectRef, {
      at,
      status: 'erased',
      rp: null,
      purpose: null,
      persona: null,
      claims: [],
      levels: [],
      releaseId: null,
      reason: null,
      deletionContact: '',
      consent: null,
    })
    const { keyIds } = person.keys
    await dropPerson(parts, tx, subjectRef, at)
    await parts.publisher.publish(tx, subjectErased({ subjectRef, keyIds, erasedAt: at }))
    return true
  })
  if (!erased) return
  parts.log.info('SUBJECT_ERASED')
  await scrubErased(parts, at)
}

/** Deletes all that is kept of a person and leaves the marker; inside the caller's unit of work. */
export async function dropPerson(
  { people, releases, keyStore }: WalletParts,
  tx: Tx,
  subjectRef: string,
  at: Date,
): Promise<void> {
  const known = await people.find(tx, subjectRef)
  if (known?.erasedAt) return
  await keyStore.destroyOfPerson(tx, subjectRef, ['ledger'])
  await people.forget(tx, subjectRef)
  await releases.forget(tx, subjectRef)
  const until = new Date(at)
  until.setUTCFullYear(until.getUTCFullYear() + LEDGER_YEARS)
  await people.markErased(tx, subjectRef, chainStart(subjectRef), at, until)
}

/** Has the storage engine drop what it still holds of destroyed keys; what fails now is done by the next sweep. */
export async function scrubErased(parts: WalletParts, at: Date): Promise<void> {
  const { database, people, scrub } = parts
  const waiting = await database.read((tx) => people.unscrubbed(tx))
  if (waiting.length === 0 || (scrub && !(await scrub()))) return
  await database.run((tx) => people.markScrubbed(tx, waiting, at))
}
