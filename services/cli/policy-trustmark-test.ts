import { dirname, resolve } from 'node:path'
import { InvalidInput } from '../kernel/errors.ts'
import {
  missesOfTrustmark,
  readTrustmarkCases,
  testedTrustmark,
  type TrustmarkMiss,
} from '../policy/minimum/trustmark-cases.ts'
import { PolicyStore } from '../policy/policy-store.ts'
import { hasFacts, type PolicyIo } from './policy-io.ts'
import { readText } from './policy-score.ts'

/** Whether a file holds tests of a trustmark. Throws `InvalidInput` for one that cannot be read. */
export function isTrustmarkTest(file: string, io: PolicyIo): boolean {
  return file.endsWith('.test.yaml') && testedTrustmark(readText(file, io)) !== undefined
}

/**
 * What the trustmark makes otherwise than each case of the file says, with the packs of `policies`, else those beside its folder.
 * Throws `PolicyRejected` for what cannot be read, `InvalidInput` where no pack names the trustmark.
 */
export function runTrustmarkTest(
  file: string,
  policies: string | undefined,
  io: PolicyIo,
): readonly (readonly TrustmarkMiss[])[] {
  const near = dirname(dirname(resolve(file)))
  const store = new PolicyStore(policies ?? (hasFacts(near) ? near : io.policyDir))
  const source = { path: file, text: readText(file, io) }
  const id = testedTrustmark(source.text)
  const pack = store.list().find((name) => store.load(name).pack.trustmark?.id === id)
  if (pack === undefined) throw new InvalidInput(file, 'a trustmark that a pack names')
  const policy = store.library.policyOf(pack)
  const { trustmark } = policy
  if (trustmark === undefined) throw new TypeError('the pack names one')
  return readTrustmarkCases(source, policy).map((one) => missesOfTrustmark(one, policy, trustmark))
}
