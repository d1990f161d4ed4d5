import { canonicalJson, type Json } from '../../kernel/canonical-json.ts'
import { ServiceError } from '../../kernel/errors.ts'
import type { ActivePolicy } from '../active-policy.ts'
import type { Text } from '../language/text.ts'
import {
  missesOfTrustmark,
  readTrustmarkCases,
  testedTrustmark,
} from '../minimum/trustmark-cases.ts'
import type { Trustmark } from '../minimum/trustmark.ts'
import type { PolicyLibrary } from '../policy-library.ts'
import { notRun, unexpected, type FailedTest } from './failed-test.ts'

interface GateTests {
  readonly passed: number
  readonly failed: readonly FailedTest[]
}

/** The test files beside the trustmarks, against the one that would be in force. */
export function runTrustmarkTests(library: PolicyLibrary, policy: ActivePolicy): GateTests {
  const { trustmark } = policy
  if (trustmark === undefined) return { passed: 0, failed: [] }
  let passed = 0
  const failed: FailedTest[] = []
  for (const source of library.testsOf('trustmarks')) {
    if (testedTrustmark(source.text) !== trustmark.id) continue
    try {
      for (const one of readTrustmarkCases(source, policy)) {
        const misses = missesOfTrustmark(one, policy, trustmark)
        if (misses.length === 0) passed += 1
        for (const { label, member, expected, got } of misses)
          failed.push({ label, axis: member, miss: unexpected(expected, got) })
      }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      failed.push({ label: source.path, axis: '', miss: notRun(error) })
    }
  }
  return { passed, failed }
}

/**
 * RFC 8485 §5: services hold old answers against the address of the trustmark, so one version of it must never come to mean
 * something else.
 */
export function trustmarkThatDoesNotGrow(
  old: PolicyLibrary,
  pack: string,
  { trustmark }: ActivePolicy,
): readonly Text[] {
  const before = trustmarkOf(old, pack)
  if (trustmark === undefined || before?.id !== trustmark.id) return []
  if (before.version !== trustmark.version || sameMeaning(before, trustmark)) return []
  const { id, version } = trustmark
  return [
    {
      ja: `信頼ベクトル ${id} の意味が変わったので、version を ${version} より上げてください`,
      en: `what trustmark ${id} means changed, so its version has to be above ${version}`,
    },
  ]
}

/** Undefined also where what is in force could not be put in force again: then nothing can be held against it. */
function trustmarkOf(library: PolicyLibrary, pack: string): Trustmark | undefined {
  try {
    return library.policyOf(pack).trustmark
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return undefined
  }
}

function sameMeaning(a: Trustmark, b: Trustmark): boolean {
  return meaningOf(a) === meaningOf(b)
}

/** Titles may be put better; what a value asks for may not change. */
function meaningOf({ values }: Trustmark): string {
  const minimums: [string, Json][] = [...values.values()].map(({ value, minimum }) => {
    const axes = minimum.axes.map(({ framework, axis, level }) => ({ framework, axis, level }))
    return [value, { axes, flags: [...minimum.flags].sort() }]
  })
  return canonicalJson(Object.fromEntries(minimums))
}
