import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { NotFound } from '../kernel/errors.ts'
import { readCatalogue, type Catalogue } from './language/catalogue.ts'
import type { SourceFile } from './language/document.ts'
import type { Pack } from './language/pack.ts'
import { readPack } from './language/read-pack.ts'
import type { Facts } from './language/score.ts'

/** A pack with the digest of everything that its answers depend on: documents and fact catalogue. */
export interface StoredPack {
  readonly pack: Pack
  /** SHA-256 in hex. */
  readonly digest: string
}

/** `policies/` of this repository. */
export const POLICIES_DIRECTORY = join(import.meta.dirname, '../../policies')

/** Reads packs from a folder: `facts.yaml`, `facts.schema.json` and one folder per framework. */
export class PolicyStore {
  readonly #directory: string
  readonly #packs = new Map<string, StoredPack>()
  #catalogue: { readonly catalogue: Catalogue; readonly source: SourceFile } | undefined

  constructor(directory = POLICIES_DIRECTORY) {
    this.#directory = directory
  }

  get catalogue(): Catalogue {
    return this.#facts().catalogue
  }

  /** Parsed JSON Schema of the facts. */
  factsSchema(): Facts {
    return JSON.parse(this.#read('facts.schema.json').text) as Facts // our own file, kept in the repository
  }

  /** Names of the folders that hold a framework. */
  list(): readonly string[] {
    return readdirSync(this.#directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && this.#documents(entry.name).length > 0)
      .map(({ name }) => name)
      .sort()
  }

  /** Throws `NotFound`, or `PolicyRejected` with everything that is wrong. */
  load(name: string): StoredPack {
    const known = this.#packs.get(name)
    if (known !== undefined) return known
    const sources = this.#documents(name).map((path) => this.#read(path))
    if (sources.length === 0) throw new NotFound(`no framework in policies/${name}`)
    const facts = this.#facts()
    const stored = {
      pack: readPack(sources, facts.catalogue),
      digest: digestOf([facts.source, ...sources]),
    }
    this.#packs.set(name, stored)
    return stored
  }

  #facts() {
    if (this.#catalogue === undefined) {
      const source = this.#read('facts.yaml')
      this.#catalogue = { source, catalogue: readCatalogue(source) }
    }
    return this.#catalogue
  }

  #documents(name: string): readonly string[] {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) return []
    const folder = join(this.#directory, name)
    return readdirSync(folder, { withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && (entry.name === 'framework.yaml' || entry.name.endsWith('.rules.yaml')),
      )
      .map((entry) => relative(this.#directory, join(folder, entry.name)))
      .sort()
  }

  #read(path: string): SourceFile {
    return {
      path: `policies/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(this.#directory, path), 'utf8'),
    }
  }
}

function digestOf(sources: readonly SourceFile[]): string {
  return toHex(sha256(canonicalJson(sources.map(({ path, text }) => [path, text]))))
}
