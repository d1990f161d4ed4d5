import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { readTestFile } from '../policy/case-file.ts'
import { formatDiagnostic, PolicyRejected, type Diagnostic } from '../policy/language/diagnostic.ts'
import type { Text } from '../policy/language/text.ts'
import { readPack } from '../policy/language/read-pack.ts'
import { isDocument, PolicyStore } from '../policy/policy-store.ts'
import { EXIT, hasFacts, languageOf, type PolicyIo } from './policy-io.ts'
import { namedDocumentsIn, namedPlaceOf, readNamed, type NamedPlace } from './policy-named-check.ts'
import { readText, refuse } from './policy-score.ts'
import { isTrustmarkTest, runTrustmarkTest } from './policy-trustmark-test.ts'

/**
 * `watashi policy check DIR|FILE [--lang ja|en] [--json] [--policies DIR]`: every fault of the packs of a folder, of one pack, or of one document,
 * as `file:line:column message [code]` with its help, then their number; with `--json` one object a line. A document of a pack is
 * read with its pack, one of `equivalences/`, `profiles/` or `trustmarks/` with the packs beside these, any other one beside the
 * header of the pack that its folder is in. Test files are held to their form.
 * Exit code 0 without a fault, 1 with one, 2 when there is nothing to check.
 */
export function policyCheck(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        lang: { type: 'string' },
        policies: { type: 'string' },
      },
      allowPositionals: true,
    })
    const [path] = positionals
    if (path === undefined || positionals.length > 1)
      throw new InvalidInput('DIR|FILE', 'a folder of packs, a pack, or one document')
    const language = languageOf(values.lang)
    const faults = new PolicyCheck(io, values.policies).of(path)
    if (values.json === true) for (const fault of faults) io.print(JSON.stringify(toJson(fault)))
    else {
      for (const fault of faults) io.print(formatDiagnostic(fault, language))
      io.print(countOf(faults.length)[language])
    }
    return faults.length === 0 ? EXIT.holds : EXIT.doesNotHold
  } catch (error) {
    return refuse(error, io)
  }
}

function toJson({ place, ...fault }: Diagnostic) {
  return { ...place, ...fault }
}

function countOf(faults: number): Text {
  return { ja: `誤り ${faults} 件`, en: faults === 1 ? '1 fault' : `${faults} faults` }
}

class PolicyCheck {
  readonly #io: PolicyIo
  readonly #policies: string | undefined

  constructor(io: PolicyIo, policies: string | undefined) {
    this.#io = io
    this.#policies = policies
  }

  of(path: string): readonly Diagnostic[] {
    if (!existsSync(path)) throw new InvalidInput(path, 'a folder or a document that exists')
    if (!statSync(path).isDirectory()) return this.#file(path)
    if (existsSync(join(path, 'framework.yaml'))) return this.#pack(resolve(path))
    if (!hasFacts(path))
      throw new InvalidInput(path, 'a folder with `framework.yaml`, or with `facts.yaml` and packs')
    const store = new PolicyStore(path)
    const faults = faultsOf(() => {
      const validator = createFactsValidator(store.factsSchema())
      return store.list().flatMap((name) => this.#folder(store.folderOf(name), store, validator))
    })
    // What packs name can be read only where the packs can.
    return faults.length > 0 ? faults : namedDocumentsIn(path).flatMap((file) => this.#file(file))
  }

  /** The folder of packs that gives the facts; a pack lies in it, a document of `bad/` one deeper. */
  #store(pack: string): PolicyStore {
    const near = dirname(pack)
    return new PolicyStore(this.#policies ?? (hasFacts(near) ? near : this.#io.policyDir))
  }

  #pack(folder: string): readonly Diagnostic[] {
    const store = this.#store(folder)
    return faultsOf(() => this.#folder(folder, store, createFactsValidator(store.factsSchema())))
  }

  #folder(folder: string, store: PolicyStore, validator: FactsValidator): readonly Diagnostic[] {
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith('.test.yaml'))
      .map((name) => join(folder, name))
    return [
      ...faultsOf(() => void store.loadFolder(folder)),
      ...tests.flatMap((path) => this.#tests(path, validator)),
    ]
  }

  #tests(path: string, validator: FactsValidator): readonly Diagnostic[] {
    return faultsOf(() => void readTestFile({ path, text: readText(path, this.#io) }, validator))
  }

  #file(path: string): readonly Diagnostic[] {
    const folder = dirname(resolve(path))
    const named = namedPlaceOf(path)
    if (named !== undefined && !path.endsWith('.test.yaml')) return this.#named(named, path)
    const inPack = existsSync(join(folder, 'framework.yaml'))
    if (isTrustmarkTest(path, this.#io))
      return faultsOf(() => void runTrustmarkTest(path, this.#policies, this.#io))
    if (path.endsWith('.test.yaml')) {
      const store = this.#store(folder)
      return this.#tests(path, createFactsValidator(store.factsSchema()))
    }
    if (inPack && isDocument(basename(path))) return this.#pack(folder)
    return this.#besideHeader(path, inPack ? folder : dirname(folder))
  }

  #named({ kind, folder }: NamedPlace, path: string): readonly Diagnostic[] {
    const source = { path, text: readText(path, this.#io) }
    return faultsOf(() => readNamed(kind, source, this.#store(folder)))
  }

  #besideHeader(path: string, pack: string): readonly Diagnostic[] {
    const text = readText(path, this.#io)
    const header = join(pack, 'framework.yaml')
    const sources = [{ path, text }]
    if (!/^version:/m.test(text) && existsSync(header))
      sources.push({ path: header, text: readText(header, this.#io) })
    const faults = faultsOf(() => void readPack(sources, this.#store(pack).catalogue))
    // The header alone may lack what the rest of its pack has.
    return faults.filter(({ place }) => place.file !== header)
  }
}

/** What `work` was refused for; what it gives otherwise. */
function faultsOf(work: () => readonly Diagnostic[] | void): readonly Diagnostic[] {
  try {
    return work() ?? []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}
