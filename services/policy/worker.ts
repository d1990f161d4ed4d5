import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { TOPICS } from '../kernel/event.ts'
import { readScorerInput } from './events.ts'
import type { Policy } from './policy.ts'

/** Turns what the log tells about persons into levels. */
export function createPolicyConsumers(
  policy: Pick<Policy, 'apply' | 'validator'>,
): readonly ConsumerDefinition[] {
  return [
    {
      name: 'policy.scorer',
      topics: [TOPICS.subject],
      async apply(tx, event) {
        const input = readScorerInput(event, policy.validator)
        if (input !== undefined) await policy.apply(tx, input, event.id)
      },
    },
  ]
}
