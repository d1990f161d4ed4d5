import { GenericContainer, Wait } from 'testcontainers'
import { freePort } from './free-port.ts'
import type { StartedTier } from './started-tier.ts'

export async function startPostgresContainer(): Promise<StartedTier> {
  const container = await new GenericContainer('postgres:18-alpine')
    .withEnvironment({ POSTGRES_USER: 'watashi', POSTGRES_PASSWORD: 'watashi' })
    .withExposedPorts(5432)
    // Twice: the image starts once for its set-up and once for good.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start()
  const address = `postgres://watashi:watashi@${container.getHost()}:${container.getMappedPort(5432)}/postgres`
  return { tier: { available: true, address, from: 'Docker' }, stop: () => stopped(container) }
}

/** A broker tells clients its own address, so the port is chosen before it starts. */
export async function startKafkaContainer(): Promise<StartedTier> {
  const port = await freePort()
  const container = await new GenericContainer('apache/kafka:4.4.0')
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  const address = `127.0.0.1:${port}`
  return { tier: { available: true, address, from: 'Docker' }, stop: () => stopped(container) }
}

async function stopped(container: { stop(): Promise<unknown> }): Promise<void> {
  await container.stop()
}
