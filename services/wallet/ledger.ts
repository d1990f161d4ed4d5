import type { Tx } from '../database/unit-of-work.ts'
import { utf8 } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { Conflict } from '../kernel/errors.ts'
import { opaqueId } from '../kernel/random.ts'
import { chainNext, isIntact, type ChainedRecord, type LedgerRecord } from './ledger-chain.ts'
import type { LedgerRow } from './ledger-store.ts'
import { findPerson, type LivePerson } from './person.ts'
import type { RegisteredPurpose, Registration } from './registration.ts'
import { seal, unseal, Undecryptable, type SealContext } from './sealing.ts'
import type { WalletParts } from './wallet-parts.ts'

export type NewRecord = Omit<LedgerRecord, 'entryId' | 'at'> & { readonly at: Date }

/** Appends one entry to a person's ledger; `Conflict` when another unit of work was faster. */
export async function appendRecord(
  parts: WalletParts,
  tx: Tx,
  subjectRef: string,
  entry: NewRecord,
): Promise<void> {
  const person = await findPerson(parts, tx, subjectRef)
  if (!person) return
  const { ledgerLength, ledgerHead } = person.row
  const record = { ...entry, entryId: opaqueId(parts.random), at: entry.at.toISOString() }
  const hash = chainNext(ledgerHead, record)
  if (!(await parts.people.advanceLedger(tx, subjectRef, ledgerLength, hash))) {
    throw new Conflict('the ledger has changed meanwhile')
  }
  const sequence = ledgerLength + 1
  const key = person.keys.only('ledger').secret.reveal()
  const plaintext = utf8(canonicalJson(record))
  const sealed = seal(key, plaintext, entryContext(subjectRef, sequence), parts.random)
  await parts.ledger.append(tx, { subjectRef, sequence, sealed, hash })
}

/** The whole ledger of a person, oldest first, and whether nothing was changed in it. */
export async function readRecords(
  { ledger }: WalletParts,
  tx: Tx,
  { row, keys }: LivePerson,
): Promise<{ readonly records: readonly LedgerRecord[]; readonly intact: boolean }> {
  const { subjectRef, ledgerLength: length, ledgerHead: head } = row
  const key = keys.only('ledger').secret.reveal()
  const entries = (await ledger.ofPerson(tx, subjectRef)).map((entry): ChainedRecord => ({
    sequence: entry.sequence,
    hash: entry.hash,
    record: openEntry(key, entry),
  }))
  return {
    records: entries.flatMap(({ record }) => (record ? [record] : [])),
    intact: isIntact(subjectRef, entries, { length, head }),
  }
}

/** What a ledger says of a relying party and its purpose, as they are called now. */
export function partiesOf(
  registration: Registration | undefined,
  purposeId: string,
): Pick<LedgerRecord, 'rp' | 'purpose' | 'deletionContact'> {
  if (!registration) return { rp: null, purpose: null, deletionContact: '' }
  const { rpId, name, controller, deletionContact } = registration
  return {
    rp: { rpId, name, controller },
    purpose: describePurpose(registration.purposes.find((p) => p.purposeId === purposeId)),
    deletionContact,
  }
}

function describePurpose(purpose: RegisteredPurpose | undefined): LedgerRecord['purpose'] {
  if (!purpose) return null
  const { purposeId, title, retentionDays, legalBasis } = purpose
  return { purposeId, title, retentionDays, legalBasis }
}

function openEntry(key: Uint8Array, entry: LedgerRow): LedgerRecord | undefined {
  try {
    const plaintext = unseal(key, entry.sealed, entryContext(entry.subjectRef, entry.sequence))
    return JSON.parse(new TextDecoder().decode(plaintext)) as LedgerRecord // sealed by us
  } catch (error) {
    if (error instanceof Undecryptable) return undefined
    throw error
  }
}

function entryContext(subjectRef: string, sequence: number): SealContext {
  return {
    store: 'wallet_ledger_entry',
    type: 'entry',
    recordId: String(sequence),
    subjectRef,
    field: 'record',
  }
}
