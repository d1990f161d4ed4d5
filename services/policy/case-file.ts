import type { Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import { InvalidFacts } from '../kernel/invalid-facts.ts'
import { formatTime } from './language/dates.ts'
import { PolicyRejected, Report } from './language/diagnostic.ts'
import {
  asMap,
  Fields,
  readDocument,
  toJson,
  type SourceFile,
  type Value,
} from './language/document.ts'
import { wrongFacts } from './language/document-faults.ts'
import { PART } from './language/parts.ts'
import type { Score } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'

/** One question with the answer that it must get. */
export interface PolicyCase {
  /** `file:line`, then the id or name. */
  readonly label: string
  readonly id: string
  readonly framework: string
  readonly axis: string
  readonly at: string | undefined
  readonly facts: Facts
  readonly expected: Expectation
}

export interface Expectation {
  readonly value: Json | undefined
  readonly status?: string
  readonly validUntil?: string | null
  /** Rules that must have made the value, and rules that must not. */
  readonly fired: readonly string[]
  readonly notFired: readonly string[]
  /** Paths of the outcomes that must be missing. */
  readonly missing?: readonly string[]
  /** Obligations that must come with the value, and no others. */
  readonly obligations?: readonly string[]
}

/** A line of a case file as it stands; `facts` are not checked yet. */
export interface CaseLine {
  readonly line: number
  readonly id: string
  readonly row: { readonly [key: string]: Json }
}

/** A line that is no case. The run goes on with the next one. */
export interface BrokenLine {
  readonly line: number
  readonly id: string | null
  readonly error: InvalidInput
}

/** JSON Lines, one object a line; empty lines are skipped. */
export function readLines(text: string): readonly (CaseLine | BrokenLine)[] {
  return text.split('\n').flatMap((source, index): (CaseLine | BrokenLine)[] => {
    if (source.trim() === '') return []
    const line = index + 1
    try {
      const row: unknown = JSON.parse(source)
      if (typeof row !== 'object' || row === null || Array.isArray(row))
        throw new InvalidInput(`line ${line}`, 'a JSON object')
      const fields = row as { readonly [key: string]: Json } // parsed JSON that is an object
      return [{ line, id: textField(fields, 'id', line), row: fields }]
    } catch (error) {
      if (error instanceof InvalidInput) return [{ line, id: null, error }]
      if (error instanceof SyntaxError)
        return [{ line, id: null, error: new InvalidInput(`line ${line}`, 'one JSON object') }]
      throw error
    }
  })
}

export function isBroken(line: CaseLine | BrokenLine): line is BrokenLine {
  return 'error' in line
}

/** Question part of a line. Throws `InvalidInput`. */
export function questionOf({ line, id, row }: CaseLine, validator: FactsValidator) {
  const at = row['at']
  if (at !== undefined && typeof at !== 'string')
    throw new InvalidInput(`line ${line}: at`, 'an instant or a day as text')
  return {
    id,
    framework: textField(row, 'framework', line),
    axis: textField(row, 'axis', line),
    at,
    facts: validator.facts(row['facts'], `line ${line}: facts`),
  }
}

export function caseOf(file: string, line: CaseLine, validator: FactsValidator): PolicyCase {
  const question = questionOf(line, validator)
  if (!('expected' in line.row)) throw new InvalidInput(`line ${line.line}: expected`, 'a value')
  return {
    ...question,
    label: `${file}:${line.line} ${line.id}`,
    expected: { value: line.row['expected'], fired: [], notFired: [] },
  }
}

function textField(row: { readonly [key: string]: Json }, key: string, line: number): string {
  const value = row[key]
  if (typeof value !== 'string' || value === '')
    throw new InvalidInput(`line ${line}: ${key}`, 'text')
  return value
}

/**
 * Reads a `*.test.yaml`: `tests: [{name, framework, at?, facts, expect: {<axis>: <value> | {value, status, fired, not_fired,
 * missing, oblige, valid_until}}}]`. Throws `PolicyRejected` with everything that is wrong in it.
 */
export function readTestFile(source: SourceFile, validator: FactsValidator): readonly PolicyCase[] {
  const report = new Report()
  const document = readDocument(source, report)
  const map = document === undefined ? undefined : asMap(document, PART.testFile, report)
  if (map === undefined) throw new PolicyRejected(report.diagnostics)
  const file = new Fields(map, report)
  const framework = file.text('framework')
  file.required('tests')
  const cases = file
    .list('tests')
    .flatMap((item) => readTest(item, source.path, framework, validator, report))
  file.finish()
  report.throwIfFailed()
  return cases
}

function readTest(
  item: Value,
  file: string,
  framework: string | undefined,
  validator: FactsValidator,
  report: Report,
): readonly PolicyCase[] {
  const map = asMap(item, PART.test, report)
  if (map === undefined) return []
  const fields = new Fields(map, report)
  const name = fields.requiredText('name') ?? ''
  const own = fields.text('framework') ?? framework
  if (own === undefined) fields.required('framework')
  const at = fields.text('at')
  const factsEntry = fields.required('facts')
  const label = `${file}:${map.place.line} ${name}`
  const facts = factsEntry === undefined ? {} : checkedFacts(factsEntry.value, validator, report)
  fields.required('expect')
  const cases = (fields.map('expect')?.entries ?? []).map(({ key, value }) => ({
    label,
    id: name,
    framework: own ?? '',
    axis: key,
    at,
    facts,
    expected: readExpectation(value, report),
  }))
  fields.finish()
  return cases
}

/** What the schema refuses is a fault of the document, at the place of the facts. */
function checkedFacts(value: Value, validator: FactsValidator, report: Report): Facts {
  try {
    return validator.facts(toJson(value))
  } catch (error) {
    if (!(error instanceof InvalidFacts)) throw error
    report.add(value.place, wrongFacts(error))
    return {}
  }
}

function readExpectation(value: Value, report: Report): Expectation {
  const detailed = value.kind === 'map' && value.entries.some(({ key }) => key === 'value')
  if (!detailed) return { value: plain(value), fired: [], notFired: [] }
  const fields = new Fields(value, report)
  const wanted = fields.entry('value')
  const status = fields.text('status')
  const textsOf = (key: string) =>
    fields.entry(key) === undefined ? undefined : fields.texts(key).map(({ text }) => text)
  const missing = textsOf('missing')
  const obligations = textsOf('oblige')
  const until = fields.scalar('valid_until')
  const expectation = {
    value: wanted === undefined ? undefined : plain(wanted.value),
    ...(status === undefined ? {} : { status }),
    ...(until === undefined ? {} : { validUntil: until.value === null ? null : until.text }),
    ...(missing === undefined ? {} : { missing }),
    ...(obligations === undefined ? {} : { obligations }),
    fired: fields.texts('fired').map(({ text }) => text),
    notFired: fields.texts('not_fired').map(({ text }) => text),
  }
  fields.finish()
  return expectation
}

/** Levels are symbols: a bare `3` or `none` in YAML means the text. */
function plain(value: Value): Json {
  return value.kind === 'scalar' && typeof value.value === 'number' ? value.text : toJson(value)
}

/** Everything in which the score differs from what was expected; empty when it is right. */
export function missesOf(
  expected: Expectation,
  score: Score,
): readonly { readonly expected: Json; readonly got: Json }[] {
  const misses: { expected: Json; got: Json }[] = []
  const value = score.value as Json // strings, lists of strings, nested objects of strings and booleans
  if (expected.value !== undefined && !matches(expected.value, value))
    misses.push({ expected: expected.value, got: value })
  if (expected.value === 'indeterminate' && score.missing.length === 0)
    misses.push({ expected: 'something missing', got: [] })
  if (expected.status !== undefined && expected.status !== score.status)
    misses.push({ expected: expected.status, got: score.status })
  const fired = score.fired.map(({ id }) => id)
  for (const rule of expected.fired)
    if (!fired.includes(rule)) misses.push({ expected: { fired: rule }, got: fired })
  for (const rule of expected.notFired)
    if (fired.includes(rule)) misses.push({ expected: { not_fired: rule }, got: fired })
  const missing = score.missing.map(({ path }) => path)
  if (expected.missing !== undefined && !sameSet(expected.missing, missing))
    misses.push({ expected: { missing: expected.missing }, got: missing })
  if (expected.obligations !== undefined && !sameSet(expected.obligations, score.obligations))
    misses.push({ expected: { oblige: expected.obligations }, got: score.obligations })
  const until = score.validUntil === undefined ? null : formatTime(score.validUntil)
  if (expected.validUntil !== undefined && !sameInstant(expected.validUntil, until)) {
    misses.push({ expected: { valid_until: expected.validUntil }, got: until })
  }
  return misses
}

/** Strings exactly, lists as sets, objects member by member with more allowed; a level may stand for `{level}`. */
function matches(expected: Json, got: Json): boolean {
  if (typeof expected === 'object' && expected !== null) {
    if (Array.isArray(expected))
      return Array.isArray(got) && sameSet(expected.map(String), got.map(String))
    const object = typeof got === 'string' ? { level: got } : got
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return false
    const members = object as { readonly [key: string]: Json } // neither null nor a list
    return Object.entries(expected).every(
      ([key, value]) => key in members && matches(value, members[key] ?? null),
    )
  }
  if (typeof got === 'object' && got !== null && !Array.isArray(got)) {
    return (got as { readonly [key: string]: Json })['level'] === expected // neither null nor a list
  }
  return expected === got
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return (
    a.length === b.length &&
    new Set([...a, ...b]).size === new Set(a).size &&
    new Set(b).size === new Set(a).size
  )
}

function sameInstant(expected: string | null, got: string | null): boolean {
  if (expected === null || got === null) return expected === got
  return new Date(expected).getTime() === new Date(got).getTime()
}
