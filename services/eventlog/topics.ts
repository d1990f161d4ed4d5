import { TOPICS, type Topic } from '../kernel/event.ts'
import type { EventLog, TopicSettings } from './event-log.ts'

const THIRTY_DAYS = 30 * 24 * 3600 * 1000

/** No retention but on the dead letters: replay, and "why on that day", need every event. */
const SETTINGS: Readonly<Record<Topic, Omit<TopicSettings, 'name'>>> = {
  [TOPICS.subject]: { partitions: 12, cleanup: 'delete' },
  [TOPICS.assurance]: { partitions: 12, cleanup: 'compact' },
  [TOPICS.policy]: { partitions: 1, cleanup: 'delete' },
  [TOPICS.registry]: { partitions: 1, cleanup: 'delete' },
}

/** The topic that holds what consumers of `topic` could not take. */
export function deadLetterTopic(topic: Topic): string {
  return `${topic}.dlq`
}

export function topicSettings(topic: Topic): TopicSettings {
  return { name: topic, ...SETTINGS[topic] }
}

export function isTopic(name: string): name is Topic {
  return Object.hasOwn(SETTINGS, name)
}

/** Makes every topic of the project, each with its dead letters. */
export async function ensureTopics(log: EventLog): Promise<void> {
  for (const topic of Object.values(TOPICS)) {
    const settings = topicSettings(topic)
    await log.ensureTopic(settings)
    await log.ensureTopic({
      name: deadLetterTopic(topic),
      partitions: settings.partitions,
      cleanup: 'delete',
      retentionMilliseconds: THIRTY_DAYS,
    })
  }
}
