import {
  IdentityProofed,
  ProofPurpose as PurposeNumber,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { ProofPurpose } from '../card/proof-message.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import type { AuthenticatorService } from './authenticator.ts'
import type { CardProof } from './bind-credential.ts'

const PURPOSES: Readonly<Record<ProofPurpose, PurposeNumber>> = {
  enrol: PurposeNumber.PROOF_PURPOSE_ENROL,
  login: PurposeNumber.PROOF_PURPOSE_LOGIN,
  reproof: PurposeNumber.PROOF_PURPOSE_REPROOF,
  transaction: PurposeNumber.PROOF_PURPOSE_TRANSACTION,
}

/**
 * Binds credentials that a card vouched for, and forgets erased persons. `IdentityStatusChanged` is left alone on purpose:
 * when a certificate ends, the identity level falls by policy, and the passkey stays good for logging in and reading the
 * ledger.
 */
export function createAuthenticatorConsumers(
  authenticator: Pick<AuthenticatorService, 'bindCredential' | 'eraseSubject'>,
): readonly ConsumerDefinition[] {
  return [
    {
      name: 'authenticator.binding',
      topics: [TOPICS.subject],
      async apply(tx, event) {
        switch (event.type) {
          case 'watashi.identity.v1.IdentityProofed':
            return authenticator.bindCredential(tx, readProof(event))
          case 'watashi.wallet.v1.SubjectErased':
            return authenticator.eraseSubject(tx, readErased(event))
          default:
            return
        }
      },
    },
  ]
}

function readProof(event: ReceivedEvent): CardProof {
  const message = decode(event, (value) => IdentityProofed.decode(value))
  const purpose = (Object.keys(PURPOSES) as ProofPurpose[]).find(
    (name) => PURPOSES[name] === message.purpose,
  )
  if (purpose === undefined) throw new InvalidInput('purpose', 'a known purpose')
  if (message.subjectRef !== event.key) throw new InvalidInput('subject_ref', 'the key')
  if (message.proofingId === '') throw new InvalidInput('proofing_id', 'an id')
  if (message.verifiedAt === undefined) throw new InvalidInput('verified_at', 'a time')
  return {
    proofingId: message.proofingId,
    subjectRef: message.subjectRef,
    purpose,
    bindingHash: message.bindingHash,
    verifiedAt: message.verifiedAt,
  }
}

function readErased(event: ReceivedEvent): string {
  const { subjectRef } = decode(event, (value) => SubjectErased.decode(value))
  if (subjectRef === '' || subjectRef !== event.key) {
    throw new InvalidInput('subject_ref', 'the key')
  }
  return subjectRef
}

function decode<T>(event: ReceivedEvent, read: (value: Uint8Array) => T): T {
  try {
    return read(event.value)
  } catch (error) {
    throw new InvalidInput('value', `a message ${event.type}`, { cause: error })
  }
}
