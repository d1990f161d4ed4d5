import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'
import { Unavailable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { OcspSource } from './sources.ts'

export interface PatientOcspDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Waits so many milliseconds; a test passes its own. */
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

const LIMITS = { failures: 5, pause: 30_000 }
const LEAST_WAIT = 100
const JITTER = 200

/**
 * A responder that is asked once more, after 100 to 300 milliseconds, when it did not answer, and left alone for half a
 * minute after five questions without an answer. The circuit is per responder.
 */
export function patientOcsp(source: OcspSource, deps: PatientOcspDependencies): OcspSource {
  const circuits = new Map<string, CircuitBreaker>()
  return {
    async fetchOcsp(uri, request) {
      const circuit = circuits.get(uri) ?? new CircuitBreaker(LIMITS)
      circuits.set(uri, circuit)
      if (!circuit.admits(deps.clock.now())) {
        throw new Unavailable('the responder has not answered for some time')
      }
      try {
        const answer = await askTwice(source, deps, uri, request)
        if (circuit.succeeded()) deps.log.info('OCSP_CIRCUIT_CLOSED')
        return answer
      } catch (error) {
        if (circuit.failed(deps.clock.now())) deps.log.warn('OCSP_CIRCUIT_OPENED')
        throw error
      }
    },
  }
}

async function askTwice(
  source: OcspSource,
  { random, wait = delay }: PatientOcspDependencies,
  uri: string,
  request: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await source.fetchOcsp(uri, request)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    const [octet = 0] = random.bytes(1)
    await wait(LEAST_WAIT + (octet / 255) * JITTER)
    return source.fetchOcsp(uri, request)
  }
}
