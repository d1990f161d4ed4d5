import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_CRL } from '../jpki/crl.ts'
import { isAbsence } from '../database/whole-file.ts'
import { MalformedDer } from '../jpki/errors.ts'
import { constantTimeEqual, toHex } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { Unavailable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { readCrlHeader, speaksOf, type CrlHeader, type CrlPoint } from './crl-header.ts'
import type { CrlSource } from './sources.ts'

export interface CrlDropDependencies {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

/** A file as it was seen last. */
interface Dropped {
  /** Changes whenever the file does. */
  readonly stamp: string
  /** Null: a file that is no CRL, or not a whole one. */
  readonly header: CrlHeader | null
}

/** Questions of one run come close together and are answered by one look at the folder. */
const LOOK_AGAIN_AFTER = 500
const MAX_FILES = 10_000

/**
 * A folder into which an operator's job puts CRLs, under any name that ends in `.crl`. Which list a file is, it says itself.
 * A file that is half written is no whole DER: it is told once, and read again when it has changed.
 */
export function crlFromFolder(deps: CrlDropDependencies): CrlSource {
  const drop = new CrlDrop(deps)
  return {
    outlivesOutage: true,
    fetchCrl: (point, version) => drop.fetch(point, version),
  }
}

class CrlDrop {
  readonly #deps: CrlDropDependencies
  #files = new Map<string, Dropped>()
  #lookedAt = 0

  constructor(deps: CrlDropDependencies) {
    this.#deps = deps
  }

  async fetch(point: CrlPoint, version: string | null): ReturnType<CrlSource['fetchCrl']> {
    await this.#look()
    const [newest] = [...this.#files]
      .filter(([, { header }]) => header !== null && isOf(header, point))
      .toSorted(([, a], [, b]) => (a.stamp < b.stamp ? 1 : -1))
    if (newest === undefined) throw new Unavailable('no such list is in the folder')
    const [name, { stamp }] = newest
    if (stamp === version) return 'unchanged'
    const der = await readIfPresent(join(this.#deps.folder, name))
    if (der === null) throw new Unavailable('the list has left the folder')
    return { der, version: stamp }
  }

  async #look(): Promise<void> {
    const { folder, clock } = this.#deps
    const now = clock.now().getTime()
    if (Math.abs(now - this.#lookedAt) < LOOK_AGAIN_AFTER) return
    this.#lookedAt = now
    const names = (await readdir(folder)).filter((name) => name.endsWith('.crl'))
    if (names.length > MAX_FILES) throw new Unavailable('there are too many files in the folder')
    const seen = new Map<string, Dropped>()
    for (const name of names) {
      const file = await this.#see(name)
      if (file !== null) seen.set(name, file)
    }
    this.#files = seen
  }

  async #see(name: string): Promise<Dropped | null> {
    const path = join(this.#deps.folder, name)
    const stamp = await stampOf(path)
    const known = this.#files.get(name)
    if (stamp === null) return null
    if (known?.stamp === stamp) return known
    const header = headerOf(await readIfPresent(path))
    if (header === null) {
      // The name is the operator's own word: a digest of it tells files apart and gives nothing away.
      const file = toHex(sha256(name)).slice(0, 8)
      this.#deps.log.warn('CRL_FILE_REFUSED', { reason: 'MALFORMED', code: file })
    }
    return { stamp, header }
  }
}

/** Last change first, so that later ones are greater as text. */
async function stampOf(path: string): Promise<string | null> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true })
    const isTooLong = size > BigInt(MAX_CRL)
    return isTooLong ? null : `${mtimeNs.toString().padStart(20, '0')}-${size}-${ino}`
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

function headerOf(der: Uint8Array | null): CrlHeader | null {
  if (der === null) return null
  try {
    return readCrlHeader(der)
  } catch (error) {
    if (error instanceof MalformedDer) return null
    throw error
  }
}

/** Generations of an authority have one name, so the key decides. */
function isOf(header: CrlHeader, point: CrlPoint): boolean {
  const key = point.issuer.certificate.subjectKeyIdentifier
  return (
    key !== null &&
    header.keyIdentifier !== null &&
    constantTimeEqual(header.keyIdentifier, key) &&
    speaksOf(header, point)
  )
}
