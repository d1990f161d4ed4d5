import type { Json } from '../../kernel/canonical-json.ts'
import { ServiceError } from '../../kernel/errors.ts'
import type { ActivePolicy } from '../active-policy.ts'
import { PolicyRejected, Report } from '../language/diagnostic.ts'
import {
  asMap,
  Fields,
  readDocument,
  toJson,
  type SourceFile,
  type Value,
} from '../language/document.ts'
import { PART } from '../language/parts.ts'
import type { Minimum } from '../ports.ts'
import { trustmarkNotInForce } from './minimum-faults.ts'
import { readMinimum } from './read-minimum.ts'
import { idIn, vectorOf, wantedVectors, type Trustmark } from './trustmark.ts'

/** What a trustmark must make of levels and flags. */
export interface TrustmarkCase {
  /** `file:line`, then the name. */
  readonly label: string
  /** What is known of a person and a login. */
  readonly told: Minimum
  /** Vectors of a request. */
  readonly vtr: readonly string[]
  /** Vector of the answer, and the first of the request that is met; absent where the case says nothing of it. */
  readonly expected: { readonly vot?: Json; readonly met?: Json }
}

export interface TrustmarkMiss {
  readonly label: string
  readonly member: 'vot' | 'met'
  readonly expected: Json
  readonly got: Json
}

/** The trustmark that a test file is of; undefined for one of a framework. */
export function testedTrustmark(text: string): string | undefined {
  return idIn(text)
}

/**
 * Reads `trustmark: <id>` with `tests: [{name, told: {axes, flags}, vtr?, expect: {vot?, met?}}]`. Throws `PolicyRejected` with
 * everything that is wrong in it.
 */
export function readTrustmarkCases(
  source: SourceFile,
  policy: ActivePolicy,
): readonly TrustmarkCase[] {
  const report = new Report()
  const document = readDocument(source, report)
  const map = document === undefined ? undefined : asMap(document, PART.testFile, report)
  if (map === undefined) throw new PolicyRejected(report.diagnostics)
  const file = new Fields(map, report)
  file.required('trustmark')
  file.required('tests')
  const id = file.scalar('trustmark')
  if (id !== undefined && id.text !== policy.trustmark?.id)
    report.add(id.place, trustmarkNotInForce(id.text))
  const cases = file.list('tests').flatMap((item) => readCase(item, policy, report) ?? [])
  file.finish()
  report.throwIfFailed()
  return cases
}

function readCase(item: Value, policy: ActivePolicy, report: Report): TrustmarkCase | undefined {
  const map = asMap(item, PART.test, report)
  if (map === undefined) return undefined
  const fields = new Fields(map, report)
  const name = fields.requiredText('name') ?? ''
  fields.required('told')
  fields.required('expect')
  const [told, expect] = [fields.map('told'), fields.map('expect')]
  const vtr = fields.texts('vtr').map(({ text }) => text)
  fields.finish()
  if (told === undefined || expect === undefined) return undefined
  const levels = new Fields(told, report)
  const minimum = readMinimum(levels, policy.namedAxes(), report)
  levels.finish()
  const wanted = new Fields(expect, report)
  const [vot, met] = [wanted.scalar('vot'), wanted.scalar('met')]
  wanted.finish()
  return {
    label: `${map.place.file}:${map.place.line} ${name}`,
    told: minimum,
    vtr,
    expected: { ...(vot && { vot: toJson(vot) }), ...(met && { met: toJson(met) }) },
  }
}

/** What the trustmark in force makes otherwise than the case says. */
export function missesOfTrustmark(
  { label, told, vtr, expected }: TrustmarkCase,
  policy: ActivePolicy,
  trustmark: Trustmark,
): readonly TrustmarkMiss[] {
  const isMet = (minimum: Minimum) => reaches(policy, told, minimum)
  const got = {
    vot: vectorOf(trustmark, isMet),
    met: firstMet(trustmark, vtr, isMet),
  }
  return (['vot', 'met'] as const).flatMap((member) => {
    const want = expected[member]
    return want === undefined || want === got[member]
      ? []
      : [{ label, member, expected: want, got: got[member] }]
  })
}

/** The first vector of a request that is met; a request that cannot be read is its error. */
function firstMet(
  trustmark: Trustmark,
  vtr: readonly string[],
  isMet: (minimum: Minimum) => boolean,
): string | null {
  try {
    const wanted = wantedVectors(trustmark, vtr, 'vtr')
    return wanted.find(({ minimums }) => minimums.every(isMet))?.vector ?? null
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return error.code
  }
}

function reaches(policy: ActivePolicy, told: Minimum, { axes, flags }: Minimum): boolean {
  const reached = axes.every(({ framework, axis, level }) => {
    const have = told.axes.find((one) => one.framework === framework && one.axis === axis)
    return have !== undefined && policy.reaches({ framework, axis, level }, have.level)
  })
  return reached && flags.every((flag) => told.flags.includes(flag))
}
