import type { Catalogue } from './catalogue.ts'
import { isZone } from './scope.ts'
import { PolicyRejected, Report } from './diagnostic.ts'
import {
  asMap,
  Fields,
  readDocument,
  type Entry,
  type MapValue,
  type ScalarValue,
  type SourceFile,
} from './document.ts'
import type { Ir } from './ir.ts'
import { axesIn } from './ir-names.ts'
import { axisReadsItself } from './name-faults.ts'
import type { Named, Pack } from './pack.ts'
import { NO_HEADER } from './pack-faults.ts'
import { PART } from './parts.ts'
import { AnswerReader } from './read-answer.ts'
import { AxisReader } from './read-axes.ts'
import { DefinitionReader } from './read-definitions.ts'
import { HeaderReader } from './read-header.ts'
import { InvariantReader } from './read-invariants.ts'
import { RuleReader, type PackRules } from './read-rules.ts'
import { Reading } from './reading.ts'
import { unknownZone } from './type-faults.ts'

/**
 * Reads one framework from its documents (`framework.yaml` and any number of rule files). Throws `PolicyRejected`
 * with every fault of every document. `read` may remember documents that it read before.
 */
export function readPack(
  sources: readonly SourceFile[],
  catalogue: Catalogue,
  read: typeof readDocument = readDocument,
): Pack {
  const report = new Report()
  const maps: MapValue[] = []
  for (const source of sources) {
    const document = read(source, report)
    const map = document === undefined ? undefined : asMap(document, PART.document, report)
    if (map !== undefined) maps.push(map)
  }
  const header = maps.find((map) => map.entries.some(({ key }) => key === 'version'))
  if (header === undefined) {
    // A document that could not be read at all may be the header.
    if (maps.length < sources.length) report.throwIfFailed()
    const place = { file: sources[0]?.path ?? 'pack', line: 1, column: 1 }
    report.add(maps[0]?.place ?? place, NO_HEADER)
    throw new PolicyRejected(report.diagnostics)
  }
  const pack = readFrom(header, maps, new Reading(catalogue, report))
  report.throwIfFailed()
  return pack
}

/** In the order in which names are needed: axes and options, definitions, the axes' own expressions, rules. */
function readFrom(header: MapValue, maps: readonly MapValue[], reading: Reading): Pack {
  const { report } = reading
  const head = new Fields(header, report)
  const headers = new HeaderReader(reading)
  const answers = new AnswerReader(reading)
  const axes = new AxisReader(reading, answers)
  const definitions = new DefinitionReader(reading)
  const rules = new RuleReader(reading, answers)
  const framework = headers.framework(head)
  const version = headers.version(head)
  const status = reading.oneOf(head.scalar('status'), ['draft', 'released'] as const) ?? 'draft'
  reading.released = status === 'released'
  const title = reading.text(head.required('title')?.value)
  readZone(head, reading)
  const effective = reading.period(head.map('effective'))
  for (const entry of head.map('options')?.entries ?? []) headers.option(entry)
  const axisEntries = head.map('axes')?.entries ?? []
  for (const entry of axisEntries) axes.declare(entry)
  const all = maps.map((map) => (map === header ? head : new Fields(map, report)))
  for (const fields of all) definitions.read(fields, framework)
  reading.checker = reading.newChecker()
  for (const entry of axisEntries) axes.read(entry)
  for (const fields of all) rules.collect(fields)
  const read = rules.read()
  const invariants = new InvariantReader(reading)
  for (const fields of all) invariants.read(fields)
  const serves = headers.serves(head)
  const uses = head.list('uses').flatMap((item) => headers.use(item))
  const equivalences = head.texts('equivalences').map(nameOf)
  const profiles = head.texts('profiles').map(nameOf)
  const trustmark = head.scalar('trustmark')
  for (const fields of all) fields.finish()
  definitions.checkUnused()
  return {
    framework,
    version,
    status,
    title,
    effective,
    zone: reading.zone,
    serves,
    options: reading.options,
    axes: reading.axes,
    order: axisOrder(read, axisEntries, reading),
    tables: reading.tables,
    ...read,
    invariants: invariants.found,
    uses,
    equivalences,
    profiles,
    trustmark: trustmark === undefined ? undefined : nameOf(trustmark),
    catalogue: reading.catalogue,
    slots: reading.checker.slots,
    sources: reading.sources,
  }
}

function nameOf({ text, place }: ScalarValue): Named {
  return { id: text, place }
}

function readZone(head: Fields, reading: Reading): void {
  const zone = head.scalar('zone')
  if (zone === undefined) return
  if (isZone(zone.text)) reading.zone = zone.text
  else reading.report.add(zone.place, unknownZone(zone.text))
}

/** Each axis after those that it reads; a circle is reported. */
function axisOrder(
  rules: PackRules,
  entries: readonly Entry[],
  reading: Reading,
): readonly string[] {
  const reads = axisReads(rules, reading)
  const order: string[] = []
  const visit = (axis: string, path: readonly string[]): void => {
    if (order.includes(axis)) return
    if (path.includes(axis)) {
      const place = entries.find(({ key }) => key === axis)?.keyPlace
      if (place !== undefined) reading.report.add(place, axisReadsItself(axis, [...path, axis]))
      return
    }
    for (const other of reads.get(axis) ?? []) visit(other, [...path, axis])
    if (!order.includes(axis)) order.push(axis)
  }
  for (const axis of reads.keys()) visit(axis, [])
  return order
}

function axisReads(rules: PackRules, { axes }: Reading): ReadonlyMap<string, ReadonlySet<string>> {
  const reads = new Map([...axes.keys()].map((name) => [name, new Set<string>()]))
  const add = (axis: string, ir: Ir) => axesIn(ir, reads.get(axis) ?? new Set())
  for (const rule of rules.grants) for (const axis of rule.gives.keys()) add(axis, rule.condition)
  for (const rule of rules.vetoes) for (const axis of rule.removes.keys()) add(axis, rule.condition)
  for (const rule of rules.caps) for (const axis of rule.to.keys()) add(axis, rule.condition)
  for (const rule of rules.answers) add(rule.axis, rule.condition)
  for (const axis of axes.values()) {
    if (axis.kind === 'levels') for (const ir of axis.minimum ?? []) add(axis.name, ir)
  }
  return reads
}
