import type { UnitOfWork } from '../../database/unit-of-work.ts'
import { PolicyRejected } from '../language/diagnostic.ts'
import { idIn, trustmarkPath, type Trustmark } from '../minimum/trustmark.ts'
import { PolicyLibrary, type PolicyDocuments } from '../policy-library.ts'
import type { PolicyInForce } from '../policy-in-force.ts'
import { ReleaseStore, type PastContent } from './release-store.ts'

type Asked = Pick<Trustmark, 'id' | 'version'>

/**
 * Trustmarks by version, also those that are in force no more: whoever kept a vector of trust reads what it meant (RFC 8485 §5).
 * Anybody may ask. What documents of the past have is looked up once, and no more is read of them than an answer needs.
 */
export class PastTrustmarks {
  readonly #database: UnitOfWork
  readonly #inForce: PolicyInForce
  readonly #store: ReleaseStore
  /** Paths of the trustmarks in documents of the past, by the digest of these. */
  readonly #paths = new Map<string, readonly string[]>()
  readonly #found = new Map<string, Promise<Trustmark | undefined>>()
  #looking: Promise<readonly PastContent[]> | undefined

  constructor(deps: { readonly database: UnitOfWork; readonly inForce: PolicyInForce }) {
    this.#database = deps.database
    this.#inForce = deps.inForce
    this.#store = new ReleaseStore(deps.database)
  }

  /** Undefined for one that was never in force. */
  async find(asked: Asked): Promise<Trustmark | undefined> {
    const { trustmark } = this.#inForce.policy
    if (trustmark !== undefined && isSame(trustmark, asked)) return trustmark
    const path = trustmarkPath(asked)
    const contents = (await this.#look()).filter(({ contentDigest }) =>
      this.#paths.get(contentDigest)?.includes(path),
    )
    if (contents.length === 0) return undefined
    // Documents of the past are never fewer: as long as no more of them have it, the answer stays.
    const key = `${contents.length} ${path}`
    const known = this.#found.get(key) ?? this.#read(contents, asked)
    this.#found.set(key, known)
    known.catch(() => this.#found.delete(key))
    return known
  }

  /** However many ask at once, documents are looked through once. */
  #look(): Promise<readonly PastContent[]> {
    this.#looking ??= this.#lookThrough().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #lookThrough(): Promise<readonly PastContent[]> {
    const contents = await this.#database.read((tx) => this.#store.contentsOfThePast(tx))
    for (const { contentDigest } of contents) {
      if (this.#paths.has(contentDigest)) continue
      this.#paths.set(contentDigest, pathsIn(await this.#documents(contentDigest)))
    }
    return contents
  }

  async #documents(contentDigest: string): Promise<PolicyDocuments> {
    const read = this.#database.read((tx) => this.#store.documents(tx, contentDigest))
    return (await read) ?? new Map<string, string>()
  }

  /** The one that was in force last has the best words. */
  async #read(contents: readonly PastContent[], asked: Asked): Promise<Trustmark | undefined> {
    for (const { pack, contentDigest } of contents) {
      const trustmark = trustmarkIn(await this.#documents(contentDigest), pack)
      if (trustmark !== undefined && isSame(trustmark, asked)) return trustmark
    }
    return undefined
  }
}

function isSame(a: Asked, b: Asked): boolean {
  return a.id === b.id && a.version === b.version
}

function pathsIn(documents: PolicyDocuments): readonly string[] {
  return [...documents].flatMap(([path, text]) => {
    const id = path.startsWith('trustmarks/') ? idIn(text) : undefined
    const version = /^version: *(\S+)/m.exec(text)?.[1]
    return id === undefined || version === undefined ? [] : [trustmarkPath({ id, version })]
  })
}

/** What the pack named; undefined also for documents that are not read any more as they once were. */
function trustmarkIn(documents: PolicyDocuments, pack: string): Trustmark | undefined {
  try {
    return new PolicyLibrary(documents).policyOf(pack).trustmark
  } catch (error) {
    if (error instanceof PolicyRejected) return undefined
    throw error
  }
}
