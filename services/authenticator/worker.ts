import {
  IdentityProofed,
  IdentityStatusChanged,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { checkKey, decodeEvent } from '../kernel/decode-event.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { proofPurpose } from '../proofing/events.ts'
import type { AuthenticatorService } from './authenticator.ts'
import type { CardProof } from './bind-credential.ts'

/**
 * Binds credentials that a card vouched for, and forgets erased persons. `IdentityStatusChanged` is left alone on purpose, but
 * for a person who is no more: when a certificate ends, the identity level falls by policy, and the passkey stays good for
 * logging in and reading the ledger.
 */
export function createAuthenticatorConsumers(
  authenticator: Pick<AuthenticatorService, 'bindCredential' | 'endPerson' | 'eraseSubject'>,
): readonly ConsumerDefinition[] {
  return [
    {
      name: 'authenticator.binding',
      topics: [TOPICS.subject],
      async apply(tx, event) {
        switch (event.type) {
          case 'watashi.identity.v1.IdentityProofed':
            return authenticator.bindCredential(tx, readProof(event))
          case 'watashi.identity.v1.IdentityStatusChanged': {
            const { subjectRef, personEnded } = decodeEvent(IdentityStatusChanged, event)
            checkKey(event, subjectRef)
            return personEnded ? authenticator.endPerson(tx, subjectRef) : undefined
          }
          case 'watashi.wallet.v1.SubjectErased': {
            const { subjectRef } = decodeEvent(SubjectErased, event)
            checkKey(event, subjectRef)
            return authenticator.eraseSubject(tx, subjectRef)
          }
          default:
            return
        }
      },
    },
  ]
}

function readProof(event: ReceivedEvent): CardProof {
  const message = decodeEvent(IdentityProofed, event)
  checkKey(event, message.subjectRef)
  if (message.proofingId === '') throw new InvalidInput('proofing_id', 'an id')
  if (message.verifiedAt === undefined) throw new InvalidInput('verified_at', 'a time')
  return {
    proofingId: message.proofingId,
    subjectRef: message.subjectRef,
    purpose: proofPurpose(message.purpose),
    bindingHash: message.bindingHash,
    verifiedAt: message.verifiedAt,
  }
}
