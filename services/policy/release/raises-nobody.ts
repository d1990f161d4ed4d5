import type { ActivePolicy } from '../active-policy.ts'
import { bindOptions } from '../analysis/bind-options.ts'
import { compareAxis, gateOf, type Comparison } from '../analysis/compare.ts'
import { ASSUMPTIONS, type AxisDifference, type Example } from '../analysis/report.ts'
import type { RaisesNobodyFinding } from '../api.ts'
import type { AxisRef, Pack, Period } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import type { Facts } from '../language/judged-facts.ts'
import { FACTS, type PolicyLibrary } from '../policy-library.ts'

/** A policy with the documents that it is made of. */
export interface PolicySide {
  readonly library: PolicyLibrary
  /** Name of the pack in force. */
  readonly pack: string
  readonly policy: ActivePolicy
}

/**
 * Whether a policy gives anybody more than the one before it, on any axis that both answer, with the options that each
 * sets. What could not be compared is listed, and then nothing is proved. What only the newer one answers raises nobody.
 *
 * The level of a person is the highest over the proofings, and an equivalence asks for a level that is reached: where no
 * proofing and no premise is raised, neither are they.
 */
export function raisesNobody(
  before: PolicySide,
  after: PolicySide,
  now: Date,
): RaisesNobodyFinding {
  const schema = after.library.factsSchema()
  const at = Math.floor(now.getTime() / 1000)
  const found = factsChanged(before, after)
    ? [NOTHING]
    : pairsOf(before, after).map((pair) => comparePair(pair, schema, at))
  const raised = found.flatMap((one) => one.raised)
  const open = [
    ...(factsChanged(before, after) ? [FACTS_OPEN] : []),
    ...equivalencesOpen(before, after),
    ...offersOpen(before.policy, after.policy),
    ...found.flatMap((one) => one.open),
  ]
  return {
    verdict: raised.length > 0 ? 'refuted' : open.length > 0 ? 'not_proved' : 'proved',
    ...{ raised, open },
    assumptions: ASSUMPTIONS.map(plain),
  }
}

type Found = Pick<RaisesNobodyFinding, 'raised' | 'open'>
const NOTHING: Found = { raised: [], open: [] }

/** The rules behind one id of the interface, in both policies; they are not the same. */
interface Pair {
  readonly framework: string
  readonly axes: readonly string[]
  readonly before: Pack
  readonly after: Pack
}

function pairsOf(before: PolicySide, after: PolicySide): readonly Pair[] {
  return after.policy.frameworks.ids
    .filter((framework) => before.policy.frameworks.ids.includes(framework))
    .flatMap((framework) => {
      const [old, next] = [rulesBehind(before, framework), rulesBehind(after, framework)]
      if (old.digest === next.digest && sameOptions(old.options, next.options)) return []
      const served = old.pack.serves.get(framework) ?? []
      return [
        {
          framework,
          axes: served.filter((axis) => next.pack.serves.get(framework)?.includes(axis)),
          before: bindOptions(old.pack, old.options),
          after: bindOptions(next.pack, next.options),
        },
      ]
    })
}

function rulesBehind({ library, pack: active, policy }: PolicySide, framework: string) {
  const pack = policy.frameworks.pack(framework)
  const index = policy.packs.indexOf(pack)
  const used = policy.pack.uses[index - 1]
  const { digest } = library.load(used?.framework ?? active)
  return { pack, digest, options: used?.options ?? new Map<string, boolean | number>() }
}

type Options = ReturnType<typeof rulesBehind>['options']

function sameOptions(a: Options, b: Options): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)
}

function comparePair({ framework, axes, ...packs }: Pair, schema: Facts, now: number): Found {
  const { before, after } = packs
  const open =
    before.zone === after.zone && samePeriod(before.effective, after.effective)
      ? []
      : [
          {
            ja: `${framework}: 時刻帯または施行日が異なり、比較できません`,
            en: `${framework}: another time zone or day of effect, which is not compared`,
          },
        ]
  const found = axes.map((axis) => compareOne(framework, { before, after, schema, now }, axis))
  return {
    raised: found.flatMap((one) => one.raised),
    open: [...open, ...found.flatMap((one) => one.open)],
  }
}

function samePeriod(a: Period, b: Period): boolean {
  return a.from === b.from && a.until === b.until
}

function compareOne(framework: string, comparison: Comparison, axis: string): Found {
  const difference = compareAxis(comparison, axis)
  const { raised, open } = gateOf([difference])
  return {
    raised: raised.flatMap(({ raised: example }) =>
      example === undefined ? [] : [personOf(framework, axis, example)],
    ),
    open: open.map((one) => unproved(framework, one)),
  }
}

function personOf(framework: string, axis: string, { facts, at, values, label }: Example) {
  const [before = '', after = ''] = values
  return { framework, axis, before, after, at, facts, label: plain(label) }
}

function unproved(framework: string, { axis, reason }: AxisDifference): Text {
  return {
    ja: `${framework} ${axis}: 証明できません（${reason?.ja ?? ''}）`,
    en: `${framework} ${axis}: not proved (${reason?.en ?? ''})`,
  }
}

const FACTS_OPEN: Text = {
  ja: `${FACTS} が変わったため、何も比較していません`,
  en: `${FACTS} changed, so nothing was compared`,
}

function factsChanged(before: PolicySide, after: PolicySide): boolean {
  return before.library.documents.get(FACTS) !== after.library.documents.get(FACTS)
}

/** An equivalence less lowers; one more, or one that says something else, may raise. */
function equivalencesOpen(before: PolicySide, after: PolicySide): readonly Text[] {
  const enabled = ({ policy }: PolicySide) => policy.pack.equivalences.map(({ id }) => id)
  const old = enabled(before)
  const next = enabled(after)
  const more = next.filter((id) => !old.includes(id))
  const changed = next.length > 0 && textsOf(before) !== textsOf(after) ? next : []
  return [...new Set([...more, ...changed])].map((id) => ({
    ja: `equivalence ${id}: 追加または変更された対応は比較できません`,
    en: `equivalence ${id}: one that is new or changed is not compared`,
  }))
}

function textsOf({ library }: PolicySide): string {
  return JSON.stringify(library.equivalences().map(({ path, text }) => [path, text]))
}

/** An axis that is asked of another subject than before, or of logins that last by another rule. */
function offersOpen(before: ActivePolicy, after: ActivePolicy): readonly Text[] {
  const kept = (refs: readonly AxisRef[], ref: AxisRef): AxisRef | undefined =>
    refs.find(({ framework, axis }) => framework === ref.framework && axis === ref.axis)
  const moved = after.person.filter((ref) => kept(before.ceremony, ref) !== undefined)
  const unlimited = after.ceremony.filter((ref) => {
    const old = kept(before.ceremony, ref)
    const limit = old?.session
    return kept(before.person, ref) !== undefined || (limit !== undefined && limit !== ref.session)
  })
  return [...moved, ...unlimited].map(({ framework, axis }) => ({
    ja: `${framework} ${axis}: 対象またはセッションの規則が異なり、比較できません`,
    en: `${framework} ${axis}: asked of something else, or with another rule for sessions, which is not compared`,
  }))
}

function plain({ ja, en }: Text): { ja: string; en: string } {
  return { ja, en }
}
