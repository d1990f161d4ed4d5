import { Unavailable } from '../kernel/errors.ts'
import type { EventLog } from './event-log.ts'
import type { Relay } from './relay.ts'
import type { RunningConsumer } from './run-consumer.ts'

const ROUND_MILLISECONDS = 5

/**
 * Waits until every committed event has taken effect in every consumer, and what those published in turn as well. For
 * tests, the demonstration and an orderly stop; a refused outbox row or a stopped consumer keeps it from settling.
 * @throws Unavailable after `milliseconds`
 */
export async function untilSettled(
  parts: {
    readonly relay: Pick<Relay, 'pending'>
    readonly eventLog: Pick<EventLog, 'watermarks'>
    readonly consumers: readonly Pick<RunningConsumer, 'lag'>[]
    readonly topics: readonly string[]
  },
  milliseconds = 10_000,
): Promise<void> {
  const deadline = AbortSignal.timeout(milliseconds)
  while (!deadline.aborted) {
    const before = await height(parts)
    // A consumer publishes in the commit that moves its position, so quiet at both ends means quiet in between.
    if (
      (await parts.relay.pending()) === 0 &&
      (await isCaughtUp(parts.consumers)) &&
      (await parts.relay.pending()) === 0 &&
      (await height(parts)) === before
    ) {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, ROUND_MILLISECONDS))
  }
  throw new Unavailable(`events are still under way after ${milliseconds} ms`)
}

async function isCaughtUp(consumers: readonly Pick<RunningConsumer, 'lag'>[]): Promise<boolean> {
  for (const consumer of consumers) if ((await consumer.lag()) > 0) return false
  return true
}

async function height(parts: {
  readonly eventLog: Pick<EventLog, 'watermarks'>
  readonly topics: readonly string[]
}): Promise<number> {
  let sum = 0
  for (const topic of parts.topics) {
    for (const { high } of await parts.eventLog.watermarks(topic)) sum += high
  }
  return sum
}
