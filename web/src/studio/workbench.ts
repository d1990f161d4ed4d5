import { readCatalogue, type Catalogue } from '../../../services/policy/language/catalogue.ts'
import {
  PolicyRejected,
  Report,
  type Diagnostic,
} from '../../../services/policy/language/diagnostic.ts'
import { readDocument, rememberingReader } from '../../../services/policy/language/document.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import { readPack } from '../../../services/policy/language/read-pack.ts'
import {
  faultsOfNamed,
  faultsOfNames,
  namedFolder,
  type NamedFolder,
  type NamedSources,
} from './named-documents.ts'

/** Documents by path, such as `nist-63-4/identity.rules.yaml`. */
export type Documents = ReadonlyMap<string, string>

export const FACTS = 'facts.yaml'

/** One framework as its documents stand: its rules, or everything that is wrong. */
export interface Checked {
  readonly pack: Pack | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly catalogue: Catalogue | undefined
}

/** Folder of a document; empty for the catalogue of facts, which belongs to all. */
export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

/** Checks frameworks, and what they name, with the language's own readers, and again only where a text changed. */
export class Workbench {
  readonly #checked = new Map<string, { readonly key: string; readonly result: Checked }>()
  readonly #read = rememberingReader()
  /** The rules of each framework as they last had no fault: what names their axes is not at fault for those that they have now. */
  readonly #packs = new Map<string, Pack>()
  #facts: { readonly text: string; readonly read: ReadFacts } | undefined

  check(documents: Documents, folder: string): Checked {
    const named = namedFolder(folder)
    if (named !== undefined) {
      const diagnostics = faultsOfNamed(named, namedSources(documents), this.#allPacks(documents))
      return { pack: undefined, diagnostics, catalogue: this.#facts?.read.catalogue }
    }
    const checked = this.checkRules(documents, folder)
    const { pack } = checked
    if (pack === undefined || !namesSomething(pack)) return checked
    const faults = faultsOfNames(pack, namedSources(documents), this.#allPacks(documents))
    return { ...checked, diagnostics: [...checked.diagnostics, ...faults] }
  }

  #allPacks(documents: Documents): readonly Pack[] {
    const folders = new Set([...documents.keys()].filter(isPolicyPath).map(folderOf))
    return [...folders].flatMap((folder) => {
      const { pack } = this.checkRules(documents, folder)
      if (pack !== undefined) this.#packs.set(folder, pack)
      return this.#packs.get(folder) ?? []
    })
  }

  /** The rules of a framework alone, whatever they name elsewhere. */
  checkRules(documents: Documents, folder: string): Checked {
    const sources = [...documents].filter(
      ([path]) => folderOf(path) === folder && isPolicy(path.slice(folder.length + 1)),
    )
    const facts = documents.get(FACTS) ?? ''
    const key = JSON.stringify([facts, sources])
    const known = this.#checked.get(folder)
    if (known?.key === key) return known.result
    const result = this.#check(sources, facts)
    this.#checked.set(folder, { key, result })
    return result
  }

  #check(sources: readonly (readonly [string, string])[], text: string): Checked {
    const { catalogue, diagnostics } = this.#readFacts(text)
    if (catalogue === undefined || sources.length === 0)
      return { pack: undefined, diagnostics, catalogue }
    const found = faultsOf(() =>
      readPack(
        sources.map(([path, text]) => ({ path, text })),
        catalogue,
        this.#read,
      ),
    )
    return { pack: found.value, diagnostics: found.diagnostics, catalogue }
  }

  #readFacts(text: string): ReadFacts {
    if (this.#facts?.text === text) return this.#facts.read
    const found = faultsOf(() => readCatalogue({ path: FACTS, text }))
    const read = { catalogue: found.value, diagnostics: found.diagnostics }
    this.#facts = { text, read }
    return read
  }
}

function namesSomething({ equivalences, profiles, trustmark }: Pack): boolean {
  return equivalences.length > 0 || profiles.length > 0 || trustmark !== undefined
}

function namedSources(documents: Documents): NamedSources {
  const inFolder = (folder: NamedFolder) =>
    [...documents]
      .filter(([path]) => folderOf(path) === folder && isChecked(path))
      .map(([path, text]) => ({ path, text }))
  return {
    equivalences: inFolder('equivalences'),
    profiles: inFolder('profiles'),
    trustmarks: inFolder('trustmarks'),
  }
}

/** Whether more is checked of a document than that it is YAML. */
export function isChecked(path: string): boolean {
  return path === FACTS || isPolicyPath(path) || (isNamedPath(path) && !path.endsWith('.test.yaml'))
}

function isNamedPath(path: string): boolean {
  return namedFolder(folderOf(path)) !== undefined
}

function isPolicyPath(path: string): boolean {
  return isPolicy(path.slice(folderOf(path).length + 1)) && !isNamedPath(path)
}

/** What is wrong with a document that is no part of a pack, such as its tests, as YAML. */
export function yamlFaults(path: string, text: string): readonly Diagnostic[] {
  const report = new Report()
  readDocument({ path, text }, report)
  return report.diagnostics
}

interface ReadFacts {
  readonly catalogue: Catalogue | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** A document that rules are read from; tests stand beside them. */
function isPolicy(name: string): boolean {
  return name === 'framework.yaml' || name.endsWith('.rules.yaml')
}

function faultsOf<Value>(read: () => Value): {
  readonly value: Value | undefined
  readonly diagnostics: readonly Diagnostic[]
} {
  try {
    return { value: read(), diagnostics: [] }
  } catch (error) {
    if (!(error instanceof PolicyRejected)) throw error
    return { value: undefined, diagnostics: error.diagnostics }
  }
}
