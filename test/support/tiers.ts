import { spawnSync } from 'node:child_process'
import { missingForKafka, startLocalKafka } from '../../deploy/kafka-local/kafka.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import type { StartedTier } from './started-tier.ts'

export type TierName = 'kafka' | 'postgres'

/** Starts a real server: the one that is named, else one in Docker, else one of our own. */
export const startTier: Readonly<Record<TierName, () => Promise<StartedTier>>> = {
  kafka: startKafka,
  postgres: startPostgres,
}

async function startKafka(): Promise<StartedTier> {
  const named = process.env['KAFKA_BROKERS']
  if (named !== undefined && named !== '') return given(named, 'KAFKA_BROKERS')
  if (dockerAnswers()) {
    const { startKafkaContainer } = await import('./containers.ts')
    return startKafkaContainer()
  }
  const reason = missingForKafka()
  if (reason !== undefined) return missing(reason)
  try {
    const kafka = await startLocalKafka()
    const tier = { available: true, address: kafka.brokers, from: 'Apache Kafka by Maven' } as const
    return { tier, stop: () => kafka.stop() }
  } catch (error) {
    return missing(error instanceof Error ? error.message : 'Kafka did not start')
  }
}

async function startPostgres(): Promise<StartedTier> {
  const named = process.env['DATABASE_URL']
  if (named !== undefined && named !== '') return given(named, 'DATABASE_URL')
  if (dockerAnswers()) {
    const { startPostgresContainer } = await import('./containers.ts')
    return startPostgresContainer()
  }
  try {
    const postgres = await startEmbeddedPostgres()
    const tier = { available: true, address: postgres.url, from: 'embedded PostgreSQL' } as const
    return { tier, stop: () => postgres.stop() }
  } catch (error) {
    return missing(error instanceof Error ? error.message : 'PostgreSQL did not start')
  }
}

/** A client without an engine answers `--version`, so the engine itself is asked. */
function dockerAnswers(): boolean {
  const { status } = spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 5000 })
  return status === 0
}

function given(address: string, from: string): StartedTier {
  return { tier: { available: true, address, from }, stop: async () => undefined }
}

function missing(reason: string): StartedTier {
  return { tier: { available: false, reason }, stop: async () => undefined }
}
