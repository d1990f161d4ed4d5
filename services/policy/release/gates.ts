import { createFactsValidator, type FactsValidator } from '../../kernel/facts-check.ts'
import { InvalidInput, ServiceError } from '../../kernel/errors.ts'
import { ActivePolicy } from '../active-policy.ts'
import type { Intent, RaisesNobodyFinding } from '../api.ts'
import { missesOf, readTestFile, type PolicyCase } from '../case-file.ts'
import { Frameworks } from '../frameworks.ts'
import { PolicyRejected, type Diagnostic } from '../language/diagnostic.ts'
import type { SourceFile } from '../language/document.ts'
import type { Text } from '../language/text.ts'
import { FACTS, PolicyLibrary, type PolicyDocuments } from '../policy-library.ts'
import { notRun, unexpected, type FailedTest } from './failed-test.ts'
import { invariantsThatFail } from './invariants-gate.ts'
import { raisesNobody, type PolicySide } from './raises-nobody.ts'
import type { ReleaseContent } from './release.ts'
import { runTrustmarkTests, trustmarkThatDoesNotGrow } from './trustmark-gate.ts'

/** What stands between documents and their being in force. */
export interface GateFindings {
  readonly passed: boolean
  readonly diagnostics: readonly Diagnostic[]
  readonly tests: {
    readonly passed: number
    readonly failed: readonly FailedTest[]
  }
  readonly objections: readonly Text[]
  /** Where the question says that nobody is raised. */
  readonly raisesNobody?: RaisesNobodyFinding
  /** Of every pack; empty where the documents cannot be read. */
  readonly versions: ReleaseContent['versions']
}

export interface GateQuestion {
  readonly documents: PolicyDocuments
  /** Name of the pack in force. */
  readonly pack: string
  /** What is in force: what the documents have in common with it is not read again. */
  readonly before: PolicyLibrary
  /** The release whose documents these are again: it passed once, and its versions are older on purpose. */
  readonly rolledBackTo: number | null
  readonly intent: Intent
  readonly now: Date
}

/**
 * Holds documents against everything that a release has to pass: every pack readable, every test right, what is in force
 * resting on released packs, a version that grows with what it names, every invariant of a changed pack proved, and nobody raised
 * where that is said. Pure.
 */
export function passGates(question: GateQuestion): GateFindings {
  const old = question.before
  const library = new PolicyLibrary(question.documents, undefined, old)
  const diagnostics = diagnose(library, question.pack)
  if (diagnostics.length > 0) {
    return { passed: false, diagnostics, tests: NO_TESTS, objections: [], versions: [] }
  }
  const outcome = activeOf(library, question.pack)
  if (!(outcome instanceof ActivePolicy)) {
    return { passed: false, diagnostics: [], tests: NO_TESTS, objections: [outcome], versions: [] }
  }
  const changed = changedIn(library, old)
  const ofPacks = runTests(library, changed, question.now)
  const ofTrustmark = runTrustmarkTests(library, outcome)
  const tests = {
    passed: ofPacks.passed + ofTrustmark.passed,
    failed: [...ofPacks.failed, ...ofTrustmark.failed],
  }
  const found = intentFinding(question, { library, policy: outcome })
  const isNew = question.rolledBackTo === null
  const objections = [
    ...draftsInForce(outcome),
    ...(isNew ? versionsThatDoNotGrow(library, old) : []),
    ...invariantsThatFail(library, isNew ? old : undefined, changed, question.now),
    ...trustmarkThatDoesNotGrow(old, question.pack, outcome),
    ...raises(found),
  ]
  return {
    passed: tests.failed.length === 0 && objections.length === 0,
    ...{ diagnostics, tests, objections },
    ...(found === undefined ? {} : { raisesNobody: found }),
    versions: versionsIn(library),
  }
}

function versionsIn(library: PolicyLibrary): GateFindings['versions'] {
  return library.list().map((name) => {
    const { framework, version } = library.load(name).pack
    return { framework, version }
  })
}

/** Their tests run each time: what they give depends on the packs on both of their sides. */
const EQUIVALENCES = 'equivalences'

const NO_TESTS: GateFindings['tests'] = { passed: 0, failed: [] }

/** Faults of packs; where there are none, faults of what packs name, which can be read with them alone. */
function diagnose(library: PolicyLibrary, pack: string): readonly Diagnostic[] {
  const ofPacks = library.list().flatMap((name) => faultsOf(() => library.load(name)))
  if (ofPacks.length > 0) return ofPacks
  return [...faultsOf(() => frameworksOf(library)), ...faultsOf(() => library.policyOf(pack))]
}

/** Anything but a fault of a document is somebody else's to tell. */
function faultsOf(work: () => unknown): readonly Diagnostic[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    if (error instanceof ServiceError) return []
    throw error
  }
}

/** Every pack, and every equivalence for the questions that name it. */
function frameworksOf(library: PolicyLibrary): Frameworks {
  return new Frameworks(
    library.list().map((name) => ({ pack: library.load(name).pack })),
    { documents: library.equivalences() },
  )
}

function activeOf(library: PolicyLibrary, pack: string): ActivePolicy | Text {
  try {
    return library.policyOf(pack)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return {
      ja: `有効にできません: ${error.message}`,
      en: `cannot be put in force: ${error.message}`,
    }
  }
}

/** Frameworks whose answers may be others than before; the tests of the rest have passed already. */
function changedIn(library: PolicyLibrary, old: PolicyLibrary): readonly string[] {
  const factsChanged = library.documents.get(FACTS) !== old.documents.get(FACTS)
  return library
    .list()
    .filter(
      (name) =>
        factsChanged ||
        !sameTexts(old.rulesOf(name), library.rulesOf(name)) ||
        !sameTexts(old.testsOf(name), library.testsOf(name)),
    )
}

function runTests(
  library: PolicyLibrary,
  names: readonly string[],
  now: Date,
): GateFindings['tests'] {
  const frameworks = frameworksOf(library)
  const validator = createFactsValidator(library.factsSchema())
  let passed = 0
  const failed: FailedTest[] = []
  for (const one of [...names, EQUIVALENCES].flatMap((name) =>
    casesOf(library, name, validator, failed),
  )) {
    const misses = missesIn(one, frameworks, now)
    if (misses.length === 0) passed += 1
    failed.push(...misses.map((miss) => ({ label: one.label, axis: one.axis, miss })))
  }
  return { passed, failed }
}

function casesOf(
  library: PolicyLibrary,
  name: string,
  validator: FactsValidator,
  failed: FailedTest[],
): readonly PolicyCase[] {
  return library.testsOf(name).flatMap((source) => {
    try {
      return readTestFile(source, validator)
    } catch (error) {
      if (!(error instanceof PolicyRejected || error instanceof InvalidInput)) throw error
      failed.push({ label: source.path, axis: '', miss: notRun(error) })
      return []
    }
  })
}

function missesIn(one: PolicyCase, frameworks: Frameworks, now: Date): readonly Text[] {
  try {
    const at = one.at === undefined ? now : frameworks.readAt(one.framework, one.at)
    const score = frameworks.score({ ...one, at })
    return missesOf(one.expected, score).map(({ expected, got }) => unexpected(expected, got))
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return [notRun(error)]
  }
}

/** Draws on what was in force only where the question says that nobody is raised: the comparison takes its time. */
function intentFinding(
  { before: old, intent, pack, now }: GateQuestion,
  after: Omit<PolicySide, 'pack'>,
): RaisesNobodyFinding | undefined {
  if (intent === 'any') return undefined
  const before = { library: old, policy: old.policyOf(pack), pack }
  return raisesNobody(before, { ...after, pack }, now)
}

/** INVARIANT: what says that it raises nobody is published only where that is proved; what is open is no proof. */
function raises(found: RaisesNobodyFinding | undefined): readonly Text[] {
  if (found === undefined) return []
  const people = found.raised.map(({ framework, axis, before, after, label }) => ({
    ja: `${framework} ${axis} が ${before} から ${after} に上がる人がいます — ${label.ja}`,
    en: `somebody is raised on ${framework} ${axis} from ${before} to ${after} — ${label.en}`,
  }))
  const open = found.open.map(({ ja, en }) => ({
    ja: `誰も上がらないことを証明できません — ${ja}`,
    en: `that nobody is raised is not proved — ${en}`,
  }))
  return [...people, ...open]
}

/** A draft answers authors only. */
function draftsInForce(policy: ActivePolicy): Text[] {
  return policy.packs
    .filter(({ status }) => status === 'draft')
    .map(({ framework }) => ({
      ja: `${framework} は下書き（draft）のため有効にできません`,
      en: `${framework} is a draft, which cannot be in force`,
    }))
}

/** One version names one content. */
function versionsThatDoNotGrow(library: PolicyLibrary, old: PolicyLibrary): Text[] {
  return library.list().flatMap((name) => {
    if (!old.list().includes(name)) return []
    if (sameTexts(old.rulesOf(name), library.rulesOf(name))) return []
    const [was, is] = [old, library].map((one) => one.load(name).pack.version)
    if (was === undefined || is === undefined || compareVersions(is, was) > 0) return []
    return [
      {
        ja: `${name} の内容が変わったので、version を ${was} より上げてください`,
        en: `${name} changed, so its version has to be above ${was}`,
      },
    ]
  })
}

function sameTexts(a: readonly SourceFile[], b: readonly SourceFile[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ path, text }, i) => path === b[i]?.path && text === b[i].text)
  )
}

/** By `MAJOR.MINOR.PATCH`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < 3; i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
