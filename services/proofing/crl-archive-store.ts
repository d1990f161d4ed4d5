import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import {
  isAbsence,
  readFileIfPresent,
  readLargeFileIfPresent,
  writeFileAtomically,
  writeLargeFileAtomically,
} from '../database/whole-file.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import { decryptBytes, DoesNotOpen, encryptBytes } from '../kernel/aead.ts'
import {
  constantTimeEqual,
  fromBase64,
  fromHex,
  lengthPrefixed,
  toBase64,
  toHex,
} from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Random } from '../kernel/random.ts'
import type { Secret } from '../kernel/secret.ts'
import { pointId, type CrlPoint } from './crl-header.ts'

/** A list that was believed, as it was kept. */
export interface KeptCrl {
  readonly point: CrlPoint
  /** Highest number seen at this point: it stands even when the list itself is lost. */
  readonly number: bigint
  /** Null when the file is missing, or does not open to the bytes that were kept. */
  readonly der: Uint8Array | null
}

const hexDigest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Metadata = Type.Object({
  version: Type.Literal(1),
  environment: Type.String(),
  issuer: hexDigest,
  directoryName: Type.String({ maxLength: 4096 }),
  number: Type.String({ pattern: '^[0-9]{1,60}$' }),
  thisUpdate: Type.String(),
  sha256: hexDigest,
})

export interface CrlArchiveParts {
  readonly folder: string
  readonly anchors: readonly TrustAnchor[]
  /** Key of proofing that seals what holds serials. */
  readonly sealing: Secret<Uint8Array>
  readonly random: Random
}

/**
 * The believed list of each point: its DER, sealed, since a list is given to verifiers alone and is full of serials; and
 * beside it what it is, which names the file. Metadata are replaced last and at one stroke, so a process that is killed
 * leaves the list before or the list after.
 */
export class CrlArchive {
  readonly #parts: CrlArchiveParts

  constructor(parts: CrlArchiveParts) {
    this.#parts = parts
  }

  /** Every point whose root is still ours. Metadata that cannot be read are as good as none. */
  async load(): Promise<readonly KeptCrl[]> {
    const names = await namesIn(this.#parts.folder)
    const kept = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.#read(name)),
    )
    return kept.filter((one) => one !== undefined)
  }

  async save(
    point: CrlPoint,
    { der, number, thisUpdate }: { der: Uint8Array; number: bigint; thisUpdate: Date },
  ): Promise<void> {
    const { issuer, directoryName } = point
    const digest = toHex(sha256(der))
    const name = pointId(point)
    const { folder, sealing, random } = this.#parts
    const sealed = encryptBytes(sealing.reveal(), der, placeOf(name), random)
    await writeLargeFileAtomically(join(folder, fileOf(name, digest)), sealed)
    const metadata = {
      version: 1,
      environment: issuer.environment,
      issuer: issuer.sha256,
      directoryName: toBase64(directoryName),
      number: number.toString(),
      thisUpdate: thisUpdate.toISOString(),
      sha256: digest,
    }
    writeFileAtomically(join(folder, `${name}.json`), JSON.stringify(metadata, null, 2))
    await this.#forgetOthers(name, digest)
  }

  /** The list of a point as it was saved last. */
  async der(point: CrlPoint): Promise<Uint8Array | null> {
    return (await this.#read(`${pointId(point)}.json`))?.der ?? null
  }

  async #read(name: string): Promise<KeptCrl | undefined> {
    const { folder, anchors } = this.#parts
    const metadata = metadataOf(readFileIfPresent(join(folder, name)) ?? '')
    const issuer = anchors.find((anchor) => anchor.sha256 === metadata?.issuer)
    if (metadata === undefined || issuer?.environment !== metadata.environment) return undefined
    const point = { issuer, directoryName: fromBase64(metadata.directoryName) }
    const der = await this.#readSealed(pointId(point), metadata.sha256)
    return { point, number: BigInt(metadata.number), der }
  }

  async #readSealed(name: string, digest: string): Promise<Uint8Array | null> {
    const { folder, sealing } = this.#parts
    const sealed = await readLargeFileIfPresent(join(folder, fileOf(name, digest)))
    if (sealed === undefined) return null
    try {
      const der = decryptBytes(sealing.reveal(), sealed, placeOf(name))
      return constantTimeEqual(sha256(der), fromHex(digest)) ? der : null
    } catch (error) {
      if (error instanceof DoesNotOpen) return null
      throw error
    }
  }

  async #forgetOthers(name: string, digest: string): Promise<void> {
    const { folder } = this.#parts
    const kept = fileOf(name, digest)
    for (const other of await namesIn(folder)) {
      if (other.startsWith(name) && other.endsWith('.sealed') && other !== kept) {
        await unlink(join(folder, other))
      }
    }
  }
}

function fileOf(point: string, digest: string): string {
  return `${point}.${digest.slice(0, 16)}.crl.sealed`
}

function placeOf(point: string): Uint8Array {
  return lengthPrefixed('crl', point)
}

function metadataOf(text: string) {
  try {
    const parsed: unknown = JSON.parse(text)
    return Value.Check(Metadata, parsed) ? parsed : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}
