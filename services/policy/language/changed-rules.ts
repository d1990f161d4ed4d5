import type { CodedLayout } from './coded-layout.ts'
import { axesIn } from './ir-names.ts'
import type { Ir, Table } from './ir.ts'
import { NormalForm } from './normal-form.ts'
import type { Pack } from './pack.ts'
import {
  planProgram,
  type ProgramAxis,
  type ProgramPlan,
  type ProgramRule,
} from './program-plan.ts'

/** A rule in its pack. */
interface PackRule {
  readonly rule: ProgramRule
  readonly tables: ReadonlyMap<string, Table>
}

/** A rule of which both packs have a form with the same effect, or one that only one of them has. */
export type RuleChange = readonly [PackRule, PackRule] | readonly [PackRule]

/**
 * The rules in which two packs differ on how some axes come about, defines and tables taken in. Nothing where they differ in
 * more than that (levels, axes that take the least of others), or where a changed condition reads an axis. Throws `NotGenerated`.
 */
export function changedRules(
  before: Pack,
  after: Pack,
  axes: readonly string[],
  layout: CodedLayout,
): readonly RuleChange[] | undefined {
  const form = new NormalForm(layout)
  const [was, is] = [before, after].map((pack) => planProgram(pack, axes, form))
  if (was === undefined || is === undefined) throw new TypeError('two packs have two plans')
  if (!isMadeAlike(before, was, after, is)) return undefined
  const [removed, added] = [only(was, is), only(is, was)]
  if ([...removed, ...added].some(({ rule }) => readsAxis(rule.condition))) return undefined
  const pairs = removed.map((rule) => ({ rule, other: added.find(isSameRule(rule, was, is)) }))
  const paired = new Set(pairs.map(({ other }) => other))
  const inBefore = (rule: ProgramRule): PackRule => ({ rule, tables: before.tables })
  const inAfter = (rule: ProgramRule): PackRule => ({ rule, tables: after.tables })
  return [
    ...pairs.map(({ rule, other }): RuleChange =>
      other === undefined ? [inBefore(rule)] : [inBefore(rule), inAfter(other)],
    ),
    ...added.filter((rule) => !paired.has(rule)).map((rule): RuleChange => [inAfter(rule)]),
  ]
}

/** Whether the same axes have the same levels, and take the least of the same. */
function isMadeAlike(before: Pack, was: ProgramPlan, after: Pack, is: ProgramPlan): boolean {
  return (
    was.axes.length === is.axes.length &&
    was.axes.every((axis) => {
      const other = is.axes.find(({ name }) => name === axis.name)
      return (
        other?.kind === axis.kind &&
        membersOf(before, axis) === membersOf(after, axis) &&
        idsOf(axis.minimum) === idsOf(other.minimum)
      )
    })
  )
}

function membersOf(pack: Pack, { name }: ProgramAxis): string {
  const axis = pack.axes.get(name)
  return axis === undefined || axis.kind === 'answer' ? '' : axis.type.members.join()
}

function idsOf(nodes: ProgramAxis['minimum']): string | undefined {
  return nodes?.map(({ id }) => id).join()
}

/** Rules of a plan that the other does not have alike. */
function only(plan: ProgramPlan, other: ProgramPlan): readonly ProgramRule[] {
  const theirs = Map.groupBy(decisive(other), (rule) => likenessOf(rule, other))
  return decisive(plan).filter((rule) => theirs.get(likenessOf(rule, plan))?.pop() === undefined)
}

/** Those that have a say on a level. */
function decisive({ rules }: ProgramPlan): readonly ProgramRule[] {
  return rules.filter(({ rule }) => rule.stratum !== 'note')
}

function likenessOf(rule: ProgramRule, plan: ProgramPlan): string {
  const { condition, from, until, unknown } = rule
  return JSON.stringify([effectOf(rule, plan), condition.id, from, until, unknown])
}

/** What a rule does to which axis of a plan. */
function effectOf(rule: ProgramRule, { axes }: ProgramPlan): string {
  const effects = axes.flatMap(({ name, grants, vetoes, caps }) =>
    [...grants, ...vetoes, ...caps]
      .filter((effect) => effect.rule === rule)
      .map(({ mask }) => [name, mask] as const),
  )
  return JSON.stringify([rule.rule.stratum, effects.sort(([a], [b]) => (a < b ? -1 : 1))])
}

function isSameRule(
  rule: ProgramRule,
  was: ProgramPlan,
  is: ProgramPlan,
): (other: ProgramRule) => boolean {
  return (other) =>
    other.rule.id === rule.rule.id &&
    other.unknown === rule.unknown &&
    effectOf(other, is) === effectOf(rule, was)
}

function readsAxis(condition: Ir): boolean {
  const axes = new Set<string>()
  axesIn(condition, axes)
  return axes.size > 0
}
