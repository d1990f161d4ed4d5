import { canonicalJson } from '../kernel/canonical-json.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput, NotFound } from '../kernel/errors.ts'
import { ActivePolicy } from './active-policy.ts'
import { readCatalogue, type Catalogue } from './language/catalogue.ts'
import { rememberingReader, type readDocument, type SourceFile } from './language/document.ts'
import type { Pack } from './language/pack.ts'
import { readPack } from './language/read-pack.ts'
import type { Facts } from './language/judged-facts.ts'

/** Texts by their place below `policies/`: `facts.yaml`, `nist-63-4/identity.rules.yaml`. */
export type PolicyDocuments = ReadonlyMap<string, string>

/** A pack with the digest of everything that its answers depend on: documents and fact catalogue. */
export interface StoredPack {
  readonly pack: Pack
  /** SHA-256 in hex. */
  readonly digest: string
}

export const FACTS = 'facts.yaml'
export const FACTS_SCHEMA = 'facts.schema.json'
const FRAMEWORK = /^[a-z0-9][a-z0-9-]*$/
const RULES = /^[a-z0-9][a-z0-9-]*\/(framework|[a-z0-9][a-z0-9.-]*\.rules)\.yaml$/
/** Folders of documents that a pack names things of. */
const NAMED = /^(equivalences|profiles|trustmarks)\/[a-z0-9][a-z0-9.-]*\.yaml$/
const TESTS = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*\.test\.yaml$/

/** Whether a place is one that policies are made of: facts, rules, what packs name, or tests. */
export function isPolicyDocument(path: string): boolean {
  return (
    path === FACTS || path === FACTS_SCHEMA || RULES.test(path) || TESTS.test(path) || isNamed(path)
  )
}

function isNamed(path: string): boolean {
  return NAMED.test(path) && !TESTS.test(path)
}

/** Packs out of documents, wherever these come from. What is wrong with one pack leaves the others alone. */
export class PolicyLibrary {
  readonly documents: PolicyDocuments
  readonly #shown: (path: string) => string
  readonly #packs = new Map<string, StoredPack>()
  readonly #earlier: PolicyLibrary | undefined
  readonly #read: typeof readDocument
  #catalogue: Catalogue | undefined

  /**
   * @param shown how a document is called in messages
   * @param earlier what it read already, and has the same text here, is not read again
   */
  constructor(
    documents: PolicyDocuments,
    shown = (path: string) => `policies/${path}`,
    earlier?: PolicyLibrary,
  ) {
    this.documents = documents
    this.#shown = shown
    this.#read = earlier === undefined ? rememberingReader() : earlier.#read
    this.#earlier = earlier?.documents.get(FACTS) === documents.get(FACTS) ? earlier : undefined
  }

  /** Throws `PolicyRejected`. */
  get catalogue(): Catalogue {
    return (this.#catalogue ??= this.#earlier?.catalogue ?? readCatalogue(this.#source(FACTS)))
  }

  /** Parsed JSON Schema of the facts. */
  factsSchema(): Facts {
    return JSON.parse(this.#source(FACTS_SCHEMA).text) as Facts // our own file, which no author changes
  }

  /** Names of the frameworks. */
  list(): readonly string[] {
    const rules = [...this.documents.keys()].filter((path) => RULES.test(path))
    return [...new Set(rules.map(folderOf))].sort()
  }

  /** Throws `NotFound`, or `PolicyRejected` with everything that is wrong. */
  load(name: string): StoredPack {
    const known = this.#packs.get(name)
    if (known !== undefined) return known
    const sources = this.#sourcesOf(name, RULES)
    if (!FRAMEWORK.test(name) || sources.length === 0)
      throw new NotFound(`no framework in policies/${name}`)
    const stored = this.#asBefore(name, sources) ?? this.read(sources)
    this.#packs.set(name, stored)
    return stored
  }

  #asBefore(name: string, sources: readonly SourceFile[]): StoredPack | undefined {
    const before = this.#earlier?.rulesOf(name)
    const same =
      before?.length === sources.length &&
      sources.every(({ path, text }, i) => path === before[i]?.path && text === before[i].text)
    return same ? this.#earlier?.load(name) : undefined
  }

  /** What answers while the pack of that name is in force. Throws as `load` does. */
  policyOf(pack: string): ActivePolicy {
    return new ActivePolicy(this.load(pack), (name) => this.load(name), {
      equivalences: this.equivalences(),
      profiles: this.#named('profiles'),
      trustmarks: this.#named('trustmarks'),
    })
  }

  /** A pack of other documents against the facts of this library. */
  read(sources: readonly PolicySource[]): StoredPack {
    const pack = readPack(sources, this.catalogue, this.#read)
    return { pack, digest: digestOf([this.#source(FACTS), ...sources]) }
  }

  /** Rules of a framework. */
  rulesOf(name: string): readonly SourceFile[] {
    return this.#sourcesOf(name, RULES)
  }

  /** Documents of named equivalences between frameworks. */
  equivalences(): readonly SourceFile[] {
    return this.#named('equivalences')
  }

  #named(folder: string): readonly SourceFile[] {
    return [...this.documents.keys()]
      .filter((path) => isNamed(path) && folderOf(path) === folder)
      .sort()
      .map((path) => this.#source(path))
  }

  /** Test files beside the rules of a framework. */
  testsOf(name: string): readonly SourceFile[] {
    return this.#sourcesOf(name, TESTS)
  }

  #sourcesOf(name: string, form: RegExp): PolicySource[] {
    return [...this.documents.keys()]
      .filter((path) => form.test(path) && folderOf(path) === name)
      .sort()
      .map((path) => this.#source(path))
  }

  #source(path: string): PolicySource {
    const text = this.documents.get(path)
    if (text === undefined) throw new InvalidInput(this.#shown(path), 'a document')
    return { path: this.#shown(path), text, place: `policies/${path}` }
  }
}

export interface PolicySource extends SourceFile {
  /** The same wherever the folder is; `path` is how it is called in messages. */
  readonly place: string
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'))
}

function digestOf(sources: readonly PolicySource[]): string {
  return toHex(sha256(canonicalJson(sources.map(({ place, text }) => [place, text]))))
}
