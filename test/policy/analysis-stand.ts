import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createFactsValidator } from '../../services/kernel/facts-check.ts'
import { analyzeAxis } from '../../services/policy/analysis/analyze.ts'
import type { Example } from '../../services/policy/analysis/report.ts'
import { readTime } from '../../services/policy/language/dates.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import { Scorer } from '../../services/policy/language/score.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../../services/policy/policy-store.ts'

export const store = new PolicyStore()
export const schema = store.factsSchema()
export const now = readTime('2026-12-01T00:00:00Z', 'UTC') ?? 0
export const shipped = store
  .list()
  .map((name) => store.load(name).pack)
  .filter(({ status }) => status === 'released')
const validator = createFactsValidator(schema)

/** The pack with a further document, and with changes in the documents it has. For the length of a test. */
export function changed(
  name: string,
  document: string,
  edit: (text: string, file: string) => string = (text) => text,
): Pack {
  const root = mkdtempSync(join(tmpdir(), 'policy-analysis-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true })
  })
  cpSync(POLICIES_DIRECTORY, root, { recursive: true })
  const folder = join(root, name)
  for (const file of ['framework.yaml', 'authentication.rules.yaml', 'identity.rules.yaml']) {
    const path = join(folder, file)
    try {
      writeFileSync(path, edit(readFileSync(path, 'utf8'), file))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  writeFileSync(
    join(folder, 'zz.rules.yaml'),
    `language: 1\nframework: ${store.load(name).pack.framework}\n${document}`,
  )
  return new PolicyStore(root).load(name).pack
}

export function analyze(pack: Pack, axis: string) {
  return analyzeAxis({ pack, schema, now }, axis)
}

/** The example is valid, and the ordinary engine says of it what the finding says. */
export function replayed(pack: Pack, axis: string, example: Example | undefined) {
  if (example === undefined) throw new Error('no example')
  const { policy, ...facts } = example.facts
  validator.facts(facts)
  return new Scorer(pack).score({
    axis,
    facts,
    at: readTime(example.at, 'UTC') ?? 0,
    ...(typeof policy === 'object' ? { policy: policy as Record<string, boolean> } : {}),
  })
}

/** A stratum with one rule; `entry` adds another. */
export function rule(stratum: string, id: string, rest: string): string {
  return `${stratum}:\n${entry(id, rest)}`
}

export function entry(id: string, rest: string): string {
  return `  - id: ${id}\n    title: { ja: 試, en: test }\n    cites: [test]\n${rest}`
}
