import { scrubErased } from './erase-person.ts'
import { rewrapKey } from './keys.ts'
import { closeAsRefused } from './refuse-release.ts'
import { endRelease } from './revoke-release.ts'
import type { WalletParts } from './wallet-parts.ts'

const DEPOSIT_AGE_MILLISECONDS = 10 * 60 * 1000
/** The federation closes its own requests; this is for those it lost. */
const UNSIGNED_AGE_MILLISECONDS = 60 * 60 * 1000
const BATCH = 200

/**
 * Ends what is over at `now`: values kept for redelivery, tickets, offers nobody signed, releases whose retention is over,
 * deposits of proofings that did not commit, ledgers past their legal time; and moves keys to the current key encryption
 * key. To be called about once a minute; each call does a bounded amount of work.
 */
export async function sweep(parts: WalletParts, now: Date): Promise<void> {
  await dropValues(parts, now)
  await closeUnsigned(parts, now)
  await endRetained(parts, now)
  await sweepDeposits(parts, now)
  await dropLedgers(parts, now)
  await rewrapKeys(parts)
  await scrubErased(parts, now)
}

async function dropValues({ database, releases, keyStore }: WalletParts, now: Date): Promise<void> {
  await database.run(async (tx) => {
    await keyStore.destroy(tx, await releases.dropOldValues(tx, now))
    await releases.dropOldTickets(tx, now)
  })
}

async function closeUnsigned(parts: WalletParts, now: Date): Promise<void> {
  const before = new Date(now.getTime() - UNSIGNED_AGE_MILLISECONDS)
  await parts.database.run(async (tx) => {
    for (const row of await parts.releases.unsignedSince(tx, before, BATCH)) {
      await closeAsRefused(parts, tx, row, 'EXPIRED', now)
    }
  })
}

async function endRetained(parts: WalletParts, now: Date): Promise<void> {
  await parts.database.run(async (tx) => {
    for (const row of await parts.releases.retainedUntil(tx, now, BATCH)) {
      await endRelease(parts, tx, row, 'expired', 'RETENTION_ENDED', now)
    }
  })
}

async function sweepDeposits(parts: WalletParts, now: Date): Promise<void> {
  const { database, deposits, keyStore, proofing } = parts
  const before = new Date(now.getTime() - DEPOSIT_AGE_MILLISECONDS)
  const old = await database.read((tx) => deposits.waitingSince(tx, before, BATCH))
  for (const proofingId of old) {
    // Asked outside of any unit of work. A committed one stays until its event has come, however late.
    if (await proofing.committed(proofingId)) continue
    await database.run(async (tx) => {
      const deposit = await deposits.waiting(tx, proofingId)
      await deposits.remove(tx, proofingId)
      if (deposit) await keyStore.destroy(tx, [deposit.keyId])
    })
  }
}

async function dropLedgers(parts: WalletParts, now: Date): Promise<void> {
  const { database, people, ledger, keyStore } = parts
  await database.run(async (tx) => {
    for (const subjectRef of await people.withLapsedLedger(tx, now, BATCH)) {
      await ledger.drop(tx, subjectRef)
      await keyStore.destroyOfPerson(tx, subjectRef, [])
      await people.markLedgerDropped(tx, subjectRef)
    }
  })
}

async function rewrapKeys({ database, keyStore, keys, random }: WalletParts): Promise<void> {
  await database.run(async (tx) => {
    for (const row of await keyStore.ofOtherEpochs(tx, keys.current.epoch, BATCH)) {
      // A key whose wrapping key was destroyed is lost, and is left as it is.
      if (keys.byEpoch(row.epoch)) {
        await keyStore.replaceWrapping(tx, rewrapKey(keys, random, row))
      }
    }
  })
}
