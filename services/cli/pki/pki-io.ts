import { createReadStream, readFileSync, statSync } from 'node:fs'
import type { Clock } from '../../kernel/clock.ts'
import { InvalidInput } from '../../kernel/errors.ts'
import type { TrustEnvironment } from '../../kernel/trust-environment.ts'
import { processIo, type PolicyIo } from '../policy-io.ts'

/** What a command on certificates may touch; a test passes its own. */
export interface PkiIo extends Pick<PolicyIo, 'print' | 'complain' | 'clock'> {
  /** Bytes of a file of at most `most` bytes. Throws `InvalidInput`. */
  readBytes(path: string, most: number): Uint8Array
  /** Chunks of a file that may be of any size. Throws `InvalidInput`. */
  readChunks(path: string): AsyncIterable<Uint8Array>
  readonly environment: TrustEnvironment
}

export function pkiIo(clock: Clock, environment: TrustEnvironment): PkiIo {
  return { ...processIo(clock), readBytes, readChunks, environment }
}

function readBytes(path: string, most: number): Uint8Array {
  return reading(path, () => {
    if (statSync(path).size > most) throw new InvalidInput(path, `a file of at most ${most} bytes`)
    return new Uint8Array(readFileSync(path))
  })
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  reading(path, () => statSync(path))
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array // no encoding was set
  } catch (error) {
    throw new InvalidInput(path, 'a file that can be read', { cause: error })
  }
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof InvalidInput) throw error
    throw new InvalidInput(path, 'a file that can be read', { cause: error })
  }
}
