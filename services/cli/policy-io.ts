import { readFileSync } from 'node:fs'
import type { Clock } from '../kernel/clock.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { Frameworks } from '../policy/frameworks.ts'
import { PolicyStore } from '../policy/policy-store.ts'

/** What a policy command may touch; a test passes its own. */
export interface PolicyIo {
  /** Writes one line to standard output. */
  print(line: string): void
  /** Writes one line to standard error. */
  complain(line: string): void
  /** Text of a file. */
  read(path: string): string
  readonly clock: Clock
}

/** Exit codes of every command. */
export const EXIT = { holds: 0, doesNotHold: 1, badInput: 2, internalFault: 3 } as const

export function processIo(clock: Clock): PolicyIo {
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    read: (path) => readFileSync(path, 'utf8'),
    clock,
  }
}

/** Every pack under `policies/`, with its own defaults: what case files are written against. */
export function loadFrameworks(store = new PolicyStore()): {
  readonly frameworks: Frameworks
  readonly validator: FactsValidator
} {
  const packs = store.list().map((name) => ({ pack: store.load(name).pack }))
  return { frameworks: new Frameworks(packs), validator: createFactsValidator(store.factsSchema()) }
}
