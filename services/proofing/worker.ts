import { AuthenticationPerformed } from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import { ReleaseIssued, SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { checkKey, decodeEvent } from '../kernel/decode-event.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import type { CardlessUse } from './check-use.ts'
import type { Proofing } from './proofing.ts'

/** Forgets erased persons, and counts what was done without the card. */
export function createProofingConsumers(
  proofing: Pick<Proofing, 'eraseSubject' | 'countCardless'>,
): readonly ConsumerDefinition[] {
  return [
    {
      name: 'proofing.erasure',
      topics: [TOPICS.subject],
      async apply(tx, event) {
        if (event.type !== 'watashi.wallet.v1.SubjectErased') return
        const { subjectRef } = decodeEvent(SubjectErased, event)
        checkKey(event, subjectRef)
        await proofing.eraseSubject(tx, subjectRef)
      },
    },
    {
      name: 'proofing.cost',
      topics: [TOPICS.subject],
      async apply(tx, event) {
        const use = cardlessUse(event)
        if (use !== null) await proofing.countCardless(tx, use)
      },
    },
  ]
}

function cardlessUse(event: ReceivedEvent): CardlessUse | null {
  const at = event.occurredAt
  switch (event.type) {
    case 'watashi.authenticator.v1.AuthenticationPerformed': {
      const { factsJson } = decodeEvent(AuthenticationPerformed, event)
      // A factor in the form of an IC card is the card itself; RFC 8785 leaves one way to write that.
      return factsJson.includes('"form":"ic_card"') ? null : { use: 'cardless-login', rpId: '', at }
    }
    case 'watashi.wallet.v1.ReleaseIssued':
      return { use: 'cardless-release', rpId: decodeEvent(ReleaseIssued, event).rpId, at }
    default:
      return null
  }
}
