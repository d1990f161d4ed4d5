import { readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
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
  #catalogue: { readonly catalogue: Catalogue; readonly source: StoredSource } | undefined

  constructor(directory = POLICIES_DIRECTORY) {
    this.#directory = directory
  }

  get catalogue(): Catalogue {
    return this.#facts().catalogue
  }

  /** Parsed JSON Schema of the facts. */
  factsSchema(): Facts {
    return JSON.parse(this.#read(join(this.#directory, 'facts.schema.json')).text) as Facts // our own file, kept in the repository
  }

  /** Names of the folders that hold a framework. */
  list(): readonly string[] {
    return readdirSync(this.#directory, { withFileTypes: true })
      .filter(({ name }) => FOLDER_NAME.test(name))
      .filter(
        (entry) => entry.isDirectory() && this.#documents(this.folderOf(entry.name)).length > 0,
      )
      .map(({ name }) => name)
      .sort()
  }

  /** Where the framework of that name is, or would be. */
  folderOf(name: string): string {
    return join(this.#directory, name)
  }

  /** Throws `NotFound`, or `PolicyRejected` with everything that is wrong. */
  load(name: string): StoredPack {
    if (!FOLDER_NAME.test(name)) throw new NotFound(`no framework in policies/${name}`)
    const known = this.#packs.get(name)
    if (known !== undefined) return known
    const stored = this.loadFolder(this.folderOf(name))
    this.#packs.set(name, stored)
    return stored
  }

  /** The framework of a folder wherever it is, against the facts of this one. Throws as `load` does. */
  loadFolder(folder: string): StoredPack {
    const sources = this.#documents(folder).map((path) => this.#read(path))
    if (sources.length === 0) throw new NotFound(`no framework in ${shown(folder)}`)
    const facts = this.#facts()
    return {
      pack: readPack(sources, facts.catalogue),
      digest: this.#digestOf([facts.source, ...sources]),
    }
  }

  #facts() {
    if (this.#catalogue === undefined) {
      const source = this.#read(join(this.#directory, 'facts.yaml'))
      this.#catalogue = { source, catalogue: readCatalogue(source) }
    }
    return this.#catalogue
  }

  #documents(folder: string): readonly string[] {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && isDocument(entry.name))
      .map((entry) => join(folder, entry.name))
      .sort()
  }

  #read(file: string): StoredSource {
    return { file, path: shown(file), text: readFileSync(file, 'utf8') }
  }

  /** The same wherever the folder is. */
  #digestOf(sources: readonly StoredSource[]): string {
    const named = sources.map(({ file, text }) => {
      const path = relative(this.#directory, file).replaceAll('\\', '/')
      return [`policies/${path}`, text]
    })
    return toHex(sha256(canonicalJson(named)))
  }
}

interface StoredSource extends SourceFile {
  /** Where it was read; `path` is how it is called in errors. */
  readonly file: string
}

const FOLDER_NAME = /^[a-z0-9][a-z0-9-]*$/

/** Whether a file of that name is a document of its pack. */
export function isDocument(name: string): boolean {
  return name === 'framework.yaml' || name.endsWith('.rules.yaml')
}

/** `policies/…` within the repository, else the whole path. */
function shown(path: string): string {
  const inside = relative(dirname(POLICIES_DIRECTORY), path)
  const outside = inside.startsWith('..') || isAbsolute(inside)
  return (outside ? path : inside).replaceAll('\\', '/')
}
