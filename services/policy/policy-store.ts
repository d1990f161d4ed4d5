import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { InvalidInput, NotFound } from '../kernel/errors.ts'
import type { PolicyDocument } from './api.ts'
import type { Catalogue } from './language/catalogue.ts'
import type { SourceFile } from './language/document.ts'
import type { Facts } from './language/judged-facts.ts'
import {
  FACTS,
  FACTS_SCHEMA,
  isPolicyDocument,
  PolicyLibrary,
  type PolicyDocuments,
  type PolicySource,
  type StoredPack,
} from './policy-library.ts'

/** `policies/` of this repository. */
export const POLICIES_DIRECTORY = join(import.meta.dirname, '../../policies')

/** Reads packs from a folder: `facts.yaml`, `facts.schema.json` and one folder per framework. */
export class PolicyStore {
  readonly #directory: string
  readonly library: PolicyLibrary

  constructor(directory = POLICIES_DIRECTORY) {
    this.#directory = directory
    this.library = new PolicyLibrary(readDocuments(directory), (path) =>
      shown(join(directory, path)),
    )
  }

  get catalogue(): Catalogue {
    return this.library.catalogue
  }

  /** Parsed JSON Schema of the facts. */
  factsSchema(): Facts {
    return this.library.factsSchema()
  }

  /** Documents of named equivalences between frameworks, `equivalences/*.yaml`. */
  equivalences(): readonly SourceFile[] {
    return this.library.equivalences()
  }

  /** Names of the folders that hold a framework. */
  list(): readonly string[] {
    return this.library.list()
  }

  /** Where the framework of that name is, or would be. */
  folderOf(name: string): string {
    return join(this.#directory, name)
  }

  /** Throws `NotFound`, or `PolicyRejected` with everything that is wrong. */
  load(name: string): StoredPack {
    return this.library.load(name)
  }

  /** The framework of a folder wherever it is, against the facts of this one. Throws as `load` does. */
  loadFolder(folder: string): StoredPack {
    const sources = rulesIn(folder).map((file): PolicySource => {
      const place = `policies/${relative(this.#directory, file).replaceAll('\\', '/')}`
      return { path: shown(file), text: readFileSync(file, 'utf8'), place }
    })
    if (sources.length === 0) throw new NotFound(`no framework in ${shown(folder)}`)
    return this.library.read(sources)
  }
}

/**
 * Documents of a draft, without the schema of facts, which no author changes: of a folder of packs, or of one pack.
 * @throws InvalidInput for a folder that is neither
 */
export function readDraft(folder: string): readonly PolicyDocument[] {
  const packs = existsSync(join(folder, FACTS)) && existsSync(join(folder, FACTS_SCHEMA))
  if (!packs && !isPack(folder))
    throw new InvalidInput('DRAFT', 'the folder of a pack, or one of packs with facts.yaml')
  const documents = packs ? readDocuments(folder) : readPackFolder(folder)
  return [...documents]
    .filter(([path]) => path !== FACTS_SCHEMA)
    .map(([path, text]) => ({ path, text }))
}

function isPack(folder: string): boolean {
  return existsSync(join(folder, 'framework.yaml'))
}

function readPackFolder(folder: string): PolicyDocuments {
  const name = basename(resolve(folder))
  const paths = filesIn(folder).map((file) => [`${name}/${file}`, join(folder, file)] as const)
  return new Map(
    paths
      .filter(([path]) => isPolicyDocument(path))
      .map(([path, file]) => [path, readFileSync(file, 'utf8')]),
  )
}

function readDocuments(directory: string): PolicyDocuments {
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  const inFolders = folders.flatMap(({ name }) =>
    filesIn(join(directory, name)).map((file) => `${name}/${file}`),
  )
  const paths = [FACTS, FACTS_SCHEMA, ...inFolders].filter(isPolicyDocument)
  return new Map(paths.map((path) => [path, readFileSync(join(directory, path), 'utf8')]))
}

function rulesIn(folder: string): readonly string[] {
  return filesIn(folder)
    .filter(isDocument)
    .map((name) => join(folder, name))
}

/** Whether a file of that name is a document of its pack. */
export function isDocument(name: string): boolean {
  return name === 'framework.yaml' || name.endsWith('.rules.yaml')
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
}

/** `policies/…` within the repository, else the whole path. */
function shown(path: string): string {
  const inside = relative(dirname(POLICIES_DIRECTORY), path)
  const outside = inside.startsWith('..') || isAbsolute(inside)
  return (outside ? path : inside).replaceAll('\\', '/')
}
