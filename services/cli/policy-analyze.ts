import { basename, dirname, join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { InvalidInput } from '../kernel/errors.ts'
import { analyzeAxis } from '../policy/analysis/analyze.ts'
import { axesGone, comparePacks } from '../policy/analysis/compare.ts'
import { proveInvariants, type InvariantResult } from '../policy/analysis/invariants.ts'
import {
  ASSUMPTIONS,
  isFault,
  type AxisDifference,
  type AxisReport,
  type Example,
} from '../policy/analysis/report.ts'
import type { Pack } from '../policy/language/pack.ts'
import type { Text } from '../policy/language/text.ts'
import type { Facts } from '../policy/language/judged-facts.ts'
import { PolicyStore } from '../policy/policy-store.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'
import { refuse } from './policy-score.ts'

const OPTIONS = {
  json: { type: 'boolean' },
  axis: { type: 'string', multiple: true },
  policies: { type: 'string' },
} as const

/**
 * `watashi policy analyze PACK [--axis A]… [--json] [--policies DIR]`: findings on the rules of a pack (a name, or its folder), each with
 * a person who shows it, and its `invariants` unless axes are chosen. Exit code 0 without a fault, 1 with one or with something
 * that was not proved, 2 for bad input.
 */
export function policyAnalyze(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    })
    const [name] = positionals
    if (name === undefined || positionals.length > 1)
      throw new InvalidInput('PACK', 'one pack, by name or folder')
    const { pack, schema } = loadPack(name, values.policies, io)
    const axes = chosenAxes(pack, values.axis)
    const now = Math.floor(io.clock.now().getTime() / 1000)
    const reports = axes.map((axis) => analyzeAxis({ pack, schema, now }, axis))
    const invariants =
      values.axis === undefined ? proveInvariants({ pack, before: undefined, schema, now }) : []
    if (values.json === true) {
      const proved = { axes: reports, invariants: invariants.map(invariantToJson) }
      io.print(JSON.stringify({ pack: idOf(pack), assumptions: ASSUMPTIONS, ...proved }))
    } else {
      const lines = [...reports.flatMap(reportLines), ...invariants.flatMap(invariantLines)]
      for (const line of lines) io.print(line)
    }
    const faulty =
      invariants.some(({ holds }) => holds !== true) ||
      reports.some(
        ({ findings, engine, open }) =>
          engine !== 'exact' || open.length > 0 || findings.some(isFault),
      )
    return faulty ? EXIT.doesNotHold : EXIT.holds
  } catch (error) {
    return refuse(error, io)
  }
}

/**
 * `watashi policy diff OLD NEW [--json] [--policies DIR]`: how the answers of NEW stand to those of OLD on each axis. Exit code 0 when
 * nobody is raised, 1 when somebody is or when it was not proved, 2 for bad input.
 */
export function policyDiff(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    })
    const [old, next] = positionals
    if (old === undefined || next === undefined || positionals.length > 2)
      throw new InvalidInput('OLD NEW', 'two packs, by name or folder')
    const [{ pack: before, schema }, { pack: after }] = [
      loadPack(old, values.policies, io),
      loadPack(next, values.policies, io),
    ]
    const now = Math.floor(io.clock.now().getTime() / 1000)
    const comparison = { before, after, schema, now }
    const differences = comparePacks(comparison)
    const { added, removed } = axesGone(comparison)
    if (values.json === true) {
      const sides = { before: idOf(before), after: idOf(after), added, removed }
      io.print(JSON.stringify({ ...sides, assumptions: ASSUMPTIONS, axes: differences }))
    } else {
      for (const axis of added) io.print(`${axis}: new axis`)
      for (const axis of removed) io.print(`${axis}: axis removed`)
      for (const line of differences.flatMap(differenceLines)) io.print(line)
    }
    const safe = differences.every(
      ({ change }) => change === 'equivalent' || change === 'only-lowers',
    )
    return safe ? EXIT.holds : EXIT.doesNotHold
  } catch (error) {
    return refuse(error, io)
  }
}

/** A pack by its folder, or by its name in the folder of packs. Facts are those beside the pack, else those of the folder of packs. */
function loadPack(
  name: string,
  policies: string | undefined,
  { policyDir }: PolicyIo,
): { readonly pack: Pack; readonly schema: Facts } {
  const folder = resolve(name)
  const isFolder = existsSync(join(folder, 'framework.yaml'))
  const beside =
    isFolder && existsSync(join(dirname(folder), 'facts.yaml')) ? dirname(folder) : undefined
  const store = new PolicyStore(policies ?? beside ?? policyDir)
  const { pack } = isFolder ? store.loadFolder(folder) : store.load(basename(name))
  return { pack, schema: store.factsSchema() }
}

function chosenAxes({ axes }: Pack, wanted: readonly string[] | undefined): readonly string[] {
  for (const axis of wanted ?? [])
    if (!axes.has(axis)) throw new InvalidInput('--axis', `one of ${[...axes.keys()].join(', ')}`)
  return wanted ?? [...axes.keys()]
}

function idOf({ framework, version }: Pack): string {
  return `${framework}@${version}`
}

function reportLines({ axis, engine, reason, open, findings }: AxisReport): readonly string[] {
  const head =
    engine === 'exact'
      ? `${axis}: proved for lists of any length`
      : `${axis}: not proved (${inBoth(reason)})`
  return [
    head,
    ...open.map(({ ja, en }) => `  open: ${en} / ${ja}`),
    ...findings.flatMap((finding) => [
      `  ${isFault(finding) ? finding.kind : `note ${finding.kind}`}: ${finding.text.en} / ${finding.text.ja}`,
      ...exampleLines(finding.example),
    ]),
  ]
}

function invariantToJson({ invariant: { kind, place }, holds, text, example }: InvariantResult) {
  return { kind, place, holds, text, example }
}

function invariantLines({ invariant, holds, text, example }: InvariantResult): readonly string[] {
  const { file, line, column } = invariant.place
  const head = `invariant: ${text.en} / ${text.ja}`
  return [holds === true ? head : `${file}:${line}:${column} ${head}`, ...exampleLines(example)]
}

function differenceLines({
  axis,
  change,
  engine,
  reason,
  raised,
  lowered,
}: AxisDifference): readonly string[] {
  const head =
    engine === 'exact' ? `${axis}: ${change}` : `${axis}: ${change}, not proved (${inBoth(reason)})`
  return [head, ...exampleLines(raised), ...exampleLines(lowered)]
}

function inBoth(text: Text | undefined): string {
  return text === undefined ? '' : `${text.en} / ${text.ja}`
}

function exampleLines(example: Example | undefined): readonly string[] {
  if (example === undefined) return []
  const { label, values, facts } = example
  return [`    ${values.join(' -> ')}: ${label.en} / ${label.ja}`, `    ${JSON.stringify(facts)}`]
}
