import type { TrustEnvironment } from './trust-environment.ts'

/** Topics of the event log; see the table in README.md. */
export const TOPICS = {
  subject: 'subject.events.v1',
  assurance: 'assurance.snapshot.v1',
  policy: 'policy.events.v1',
  registry: 'registry.events.v1',
} as const
export type Topic = (typeof TOPICS)[keyof typeof TOPICS]

export const SERVICES = ['proofing', 'policy', 'authenticator', 'wallet', 'federation'] as const
export type ServiceName = (typeof SERVICES)[number]

/** What a service hands to its publisher, inside the unit of work that changes its state. */
export interface OutgoingEvent {
  readonly topic: Topic
  /** `subject_ref`, `rp_id`, framework id, or a random session id where no subject is known. */
  readonly key: string
  /** Full name of the Protobuf message; becomes the CloudEvents `type`. */
  readonly type: string
  /** Encoded Protobuf message. */
  readonly value: Uint8Array
  readonly occurredAt: Date
}

/** What a consumer is handed: signature, producer, environment and per-key order were checked already. */
export interface ReceivedEvent {
  readonly id: string
  readonly topic: Topic
  readonly key: string
  readonly keyVersion: number
  readonly type: string
  readonly source: ServiceName
  readonly environment: TrustEnvironment
  readonly occurredAt: Date
  readonly recordedAt: Date
  readonly value: Uint8Array
}
