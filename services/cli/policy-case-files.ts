import { InvalidInput } from '../kernel/errors.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import { caseOf, isBroken, readLines, readTestFile, type PolicyCase } from '../policy/case-file.ts'
import type { Frameworks } from '../policy/frameworks.ts'
import { packLoader, type PolicyIo } from './policy-io.ts'
import { readText } from './policy-score.ts'

/** A case with the packs that it is held against. */
export interface LoadedCase {
  readonly one: PolicyCase
  readonly frameworks: Frameworks
  readonly validator: FactsValidator
}

/** What every command takes that reads case files. */
export const CASE_OPTIONS = {
  framework: { type: 'string', multiple: true },
  policies: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** All cases of the files of a call, each with its packs. Throws `InvalidInput` for a file that holds none. */
export function loadCases(
  files: readonly string[],
  values: { readonly framework?: string[] | undefined; readonly policies?: string | undefined },
  io: PolicyIo,
): readonly LoadedCase[] {
  if (files.length === 0) throw new InvalidInput('FILE', 'at least one *.test.yaml or *.jsonl')
  const packsOf = packLoader(io, values.policies)
  return files.flatMap((file) => {
    const packs = packsOf(file)
    return readCases(file, io, packs.validator)
      .filter(({ framework }) => values.framework?.includes(framework) ?? true)
      .map((one) => ({ one, ...packs }))
  })
}

function readCases(file: string, io: PolicyIo, validator: FactsValidator): readonly PolicyCase[] {
  const text = readText(file, io)
  if (file.endsWith('.test.yaml')) return readTestFile({ path: file, text }, validator)
  if (!file.endsWith('.jsonl'))
    throw new InvalidInput(file, 'a name that ends in .test.yaml or .jsonl')
  return readLines(text).map((line) => {
    if (isBroken(line))
      throw new InvalidInput(`${file} ${line.error.path}`, 'a case', { cause: line.error })
    return caseOf(file, line, validator)
  })
}

/** When a case asks: what it says, else now. */
export function instantOf({ one, frameworks }: LoadedCase, io: PolicyIo): Date {
  return one.at === undefined ? io.clock.now() : frameworks.readAt(one.framework, one.at)
}
