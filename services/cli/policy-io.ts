import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { Frameworks } from '../policy/frameworks.ts'
import type { Text } from '../policy/language/text.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../policy/policy-store.ts'

/** What a policy command may touch; a test passes its own. */
export interface PolicyIo {
  /** Writes one line to standard output. */
  print(line: string): void
  /** Writes one line to standard error. */
  complain(line: string): void
  /** Text of a file. */
  read(path: string): string
  readonly clock: Clock
  /** Folder of the packs where neither the call nor the place of a case file says another. */
  readonly policyDir: string
}

/** Exit codes of every command. */
export const EXIT = { holds: 0, doesNotHold: 1, badInput: 2, internalFault: 3 } as const

export function processIo(clock: Clock, policyDir = POLICIES_DIRECTORY): PolicyIo {
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    read: (path) => readFileSync(path, 'utf8'),
    clock,
    policyDir,
  }
}

/** The language of `--lang`. @throws InvalidInput for another one */
export function languageOf(value = 'en'): keyof Text {
  if (value !== 'ja' && value !== 'en') throw new InvalidInput('--lang', '`ja` or `en`')
  return value
}

/** What the cases of one file are held against. */
export interface LoadedPacks {
  readonly frameworks: Frameworks
  readonly validator: FactsValidator
}

/**
 * Finds and reads, once each, the packs that a case file is written against: those of `--policies` if given; else those of the
 * folder that the file, or its pack, is in; else those of `policyDir`. The pack beside the file stands before one of the same framework.
 * @throws PolicyRejected with everything that is wrong in a pack; InvalidInput for a folder without facts
 */
export function packLoader({ policyDir }: PolicyIo, policies: string | undefined) {
  const loaded = new Map<string, LoadedPacks>()
  return (caseFile: string): LoadedPacks => {
    const beside = dirname(resolve(caseFile))
    const packFolder =
      policies === undefined && existsSync(join(beside, 'framework.yaml')) ? beside : undefined
    const near = packFolder === undefined ? beside : dirname(beside)
    const folder = resolve(policies ?? (hasFacts(near) ? near : policyDir))
    const key = JSON.stringify([folder, packFolder])
    const known = loaded.get(key) ?? loadPacks(folder, packFolder)
    loaded.set(key, known)
    return known
  }
}

/** Whether a folder holds what packs are read against. */
export function hasFacts(folder: string): boolean {
  return existsSync(join(folder, 'facts.yaml')) && existsSync(join(folder, 'facts.schema.json'))
}

function loadPacks(folder: string, packFolder: string | undefined): LoadedPacks {
  if (!hasFacts(folder))
    throw new InvalidInput(folder, 'a folder of packs with `facts.yaml` and `facts.schema.json`')
  const store = new PolicyStore(folder)
  const others = store.list().filter((name) => store.folderOf(name) !== packFolder)
  const stored = others.map((name) => store.load(name))
  if (packFolder !== undefined) stored.push(store.loadFolder(packFolder))
  return {
    frameworks: new Frameworks(
      stored.map(({ pack }) => ({ pack })),
      { documents: store.equivalences() },
    ),
    validator: createFactsValidator(store.factsSchema()),
  }
}
