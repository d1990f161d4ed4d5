import { proveInvariants } from '../analysis/invariants.ts'
import type { Text } from '../language/text.ts'
import type { PolicyLibrary } from '../policy-library.ts'

/**
 * What changed packs say of themselves and what does not hold, or is not proved: what is open is no proof.
 * @param old what is in force; absent where documents are put back that passed once, since what they never raise was another then
 */
export function invariantsThatFail(
  library: PolicyLibrary,
  old: PolicyLibrary | undefined,
  changed: readonly string[],
  now: Date,
): readonly Text[] {
  const schema = library.factsSchema()
  return changed.flatMap((name) => {
    const { pack } = library.load(name)
    const before = old?.list().includes(name) === true ? old.load(name).pack : undefined
    const at = Math.floor(now.getTime() / 1000)
    return proveInvariants({ pack, before, schema, now: at })
      .filter(({ holds }) => holds !== true)
      .map(({ text: { ja, en } }) => ({
        ja: `${name} の invariants が成り立ちません — ${ja}`,
        en: `an invariant of ${name} does not hold — ${en}`,
      }))
  })
}
