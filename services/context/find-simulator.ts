import { ConfigError } from '../kernel/errors.ts'
import { CARD_GENERATIONS } from '../simulator/generation.ts'
import { anchorFile, CERTIFICATE_FAMILIES, type CertificateFamily } from '../simulator/profile.ts'

/** A simulator that runs in another process of this machine: where it is, and the roots to believe. */
export interface FoundSimulator {
  readonly url: string
  readonly anchors: readonly {
    readonly kind: CertificateFamily
    readonly certificate: Uint8Array
  }[]
}

const TIMEOUT = 3_000

/**
 * Asks the simulator of the process that runs the samples for its roots. There is one per installation, since it is the
 * only one who knows what was revoked at its desk. `ConfigError` when nobody answers.
 */
export async function findSimulator(port: number): Promise<FoundSimulator> {
  const url = `http://127.0.0.1:${port}`
  try {
    const anchors = CARD_GENERATIONS.flatMap((generation) =>
      CERTIFICATE_FAMILIES.map(async (kind) => ({
        kind,
        certificate: await fetchBytes(`${url}/anchors/${anchorFile(kind, generation)}`),
      })),
    )
    return { url, anchors: await Promise.all(anchors) }
  } catch (error) {
    throw new ConfigError(
      `\`SAMPLES=0\`: expected the simulator of another process at \`SIMULATOR_PORT\` ${port}; start the one with the samples first`,
      { cause: error },
    )
  }
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' })
  if (!response.ok) throw new TypeError(`expected a certificate, got status ${response.status}`)
  return response.bytes()
}
