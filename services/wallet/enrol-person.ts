import type { Tx } from '../database/unit-of-work.ts'
import { opaqueId } from '../kernel/random.ts'
import { chainStart } from './ledger-chain.ts'
import { DEFAULT_PERSONAS } from './default-personas.ts'
import { ATTRIBUTE_NAMES } from './derive-claims.ts'
import { makeKey, type NewKey, type OpenKey } from './keys.ts'
import { findPerson, sealAttribute, sealLabel } from './person.ts'
import type { SealedAttributes } from './ports.ts'
import { takeDeposit } from './vault.ts'
import type { WalletParts } from './wallet-parts.ts'

export interface CommittedProofing {
  /** Or the deposit, where the card was not there. */
  readonly proofingId: string
  readonly subjectRef: string
  readonly at: Date
  /** Whether it is for the person's own record; a login or a transaction leaves the record as it is. */
  readonly updatesRecord: boolean
}

/**
 * Takes in a proofing: makes the keys and the three personas of a person who is new, and puts the attributes it brought in
 * the place of the older ones. A proofing without a readable deposit is no fault (a card without attributes, a replayed
 * log), and one of an erased person makes nobody again.
 */
export async function takeInProofing(
  parts: WalletParts,
  tx: Tx,
  proofing: CommittedProofing,
): Promise<void> {
  const { proofingId, subjectRef, at, updatesRecord } = proofing
  const attributes = await takeDeposit(parts, tx, proofingId, at)
  const known = await parts.people.find(tx, subjectRef)
  if (known?.erasedAt || !updatesRecord) return
  const identityKey = known
    ? (await findPerson(parts, tx, subjectRef))?.keys.only('identity')
    : await enrol(parts, tx, subjectRef, at)
  if (!attributes || !identityKey) return
  await keepAttributes(parts, tx, identityKey, proofing, attributes)
}

/** Takes in attributes that were fetched for a person who is known; of anybody else they are let go. */
export async function takeInAttributes(
  parts: WalletParts,
  tx: Tx,
  deposit: Omit<CommittedProofing, 'updatesRecord'>,
): Promise<void> {
  const { proofingId, subjectRef, at } = deposit
  const attributes = await takeDeposit(parts, tx, proofingId, at)
  const key = (await findPerson(parts, tx, subjectRef))?.keys.only('identity')
  if (attributes && key) await keepAttributes(parts, tx, key, deposit, attributes)
}

async function enrol(parts: WalletParts, tx: Tx, subjectRef: string, at: Date): Promise<OpenKey> {
  const { people, keyStore, keys, random } = parts
  await people.add(tx, {
    subjectRef,
    enrolledAt: at,
    ledgerLength: 0,
    ledgerHead: chainStart(subjectRef),
  })
  const add = async (wanted: NewKey): Promise<OpenKey> => {
    const { row, key } = makeKey(keys, random, at, { ...wanted, subjectRef })
    await keyStore.add(tx, row)
    return key
  }
  await add({ keyClass: 'ledger' })
  const parent = await add({ keyClass: 'subject' })
  for (const [position, { kind, label, allowance }] of DEFAULT_PERSONAS.entries()) {
    const key = await add({ keyClass: 'persona', parent })
    const personaId = opaqueId(random)
    const sealedLabel = sealLabel(key, random, { personaId, subjectRef }, label)
    const persona = { personaId, subjectRef, kind, keyId: key.keyId, sealedLabel }
    await people.addPersona(tx, { ...persona, allowance, position })
  }
  return add({ keyClass: 'identity', parent })
}

async function keepAttributes(
  { people, random }: WalletParts,
  tx: Tx,
  key: OpenKey,
  { proofingId, subjectRef }: Pick<CommittedProofing, 'proofingId' | 'subjectRef'>,
  attributes: SealedAttributes,
): Promise<void> {
  const { asOf } = attributes
  const rows = ATTRIBUTE_NAMES.flatMap((name) => {
    const value = attributes[name]
    if (value === undefined) return []
    const row = { subjectRef, name, asOf, proofingId, stale: false }
    return [sealAttribute(key, random, row, value)]
  })
  await people.replaceAttributes(tx, subjectRef, rows)
}
