import type { Tx } from '../database/unit-of-work.ts'
import { appendRecord, partiesOf } from './ledger.ts'
import type { LedgerRecord } from './ledger-chain.ts'
import type { LedgerStatus } from './release-state.ts'
import type { WalletParts } from './wallet-parts.ts'

/** A signature on a document, given with the card or not. */
export interface SignatureAsked {
  readonly subjectRef: string
  readonly rpId: string
  readonly at: Date
  /** Why there is none; null when it was given. */
  readonly reason: string | null
}

/** What the certificate tells whoever gets the signature. */
const ON_CERTIFICATE = ['name', 'address', 'birthdate', 'gender']

/** Not a registered purpose: what the document is about was told to the person, and is nobody's to keep. */
const PURPOSE: LedgerRecord['purpose'] = {
  purposeId: 'signature',
  title: { ja: '文書への署名（カード）', en: 'Signature on a document, with the card' },
  retentionDays: 0,
  legalBasis: '',
}

/** Writes into the person's ledger that a relying party asked for a signature, and what came of it. */
export async function recordSignature(
  parts: WalletParts,
  tx: Tx,
  { subjectRef, rpId, at, reason }: SignatureAsked,
): Promise<void> {
  const parties = partiesOf(await parts.registry.find(tx, rpId), '')
  await appendRecord(parts, tx, subjectRef, {
    ...parties,
    purpose: PURPOSE,
    at,
    status: statusOf(reason),
    persona: null,
    claims: ON_CERTIFICATE,
    levels: [],
    releaseId: null,
    reason,
    consent: null,
  })
}

function statusOf(reason: string | null): LedgerStatus {
  switch (reason) {
    case null:
      return 'signed'
    case 'REFUSED_BY_PERSON':
      return 'refused'
    case 'EXPIRED':
    case 'CHALLENGE_EXPIRED':
      return 'expired'
    default:
      return 'failed'
  }
}
