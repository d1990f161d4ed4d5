import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { checkKey, decodeEvent } from '../kernel/decode-event.ts'
import { TOPICS } from '../kernel/event.ts'
import type { Proofing } from './proofing.ts'

/** Forgets erased persons. */
export function createProofingConsumers(
  proofing: Pick<Proofing, 'eraseSubject'>,
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
  ]
}
