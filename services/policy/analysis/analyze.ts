import type { Seconds } from '../language/dates.ts'
import type { Ir } from '../language/ir.ts'
import type { Axis, Cap, Grant, LevelAxis, MethodAxis, Pack, Rule, Veto } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import type { Facts } from '../language/judged-facts.ts'
import { fociOf, looksAt, type Focus } from './focus.ts'
import { rulesOn, type PackModel } from './axis-model.ts'
import { NEVER, type Node } from './diagrams.ts'
import { ExactModel, instantsOf } from './exact.ts'
import { exampleOf, plainLevel, Replay } from './example.ts'
import { loweringEntries } from './monotone.ts'
import type { AxisReport, Example, Finding } from './report.ts'
import { NotConfirmed, NotCovered, OpenQuestion } from './open-question.ts'
import { exampleScored, openOn } from './open-reasons.ts'

export interface AnalysisInput {
  readonly pack: Pack
  /** facts.schema.json. */
  readonly schema: Facts
  readonly now: Seconds
}

/** Findings on one axis of a pack, each with a person whom the ordinary engine was asked about. */
export function analyzeAxis({ pack, schema, now }: AnalysisInput, axisName: string): AxisReport {
  const axis = pack.axes.get(axisName)
  if (axis === undefined) throw new TypeError(`no axis ${axisName}`)
  const replay = new Replay(pack)
  const instants = instantsOf([pack], now)
  const parts = fociOf(pack, axisName).map((focus) => {
    try {
      const byInstant = instants.map((instant) => {
        const model = new ExactModel([{ pack: focus.pack, axis: axisName }], schema, instant)
        return new AxisAnalysis(model, axis, replay, focus.method).run()
      })
      const steps = instants.map((at) => loweringEntries({ focus, axis, schema, now: at, replay }))
      const findings = [...atEveryInstant(byInstant), ...steps.flatMap((step) => step.findings)]
      return { focus, findings, open: steps.flatMap((step) => step.open), reason: undefined }
    } catch (error) {
      if (!(error instanceof OpenQuestion)) throw error
      return { focus, findings: [], open: [unproved(axisName, focus)], reason: error.reason }
    }
  })
  const reasons = parts.flatMap(({ reason }) => reason ?? [])
  const open = parts.flatMap((part) => part.open)
  return {
    axis: axisName,
    engine: reasons.length === 0 ? 'exact' : 'none',
    reason: reasons.length === 0 ? undefined : joinedReasons(once(reasons)),
    open: once(open),
    findings: ofAllParts(parts),
  }
}

function once(texts: readonly Text[]): readonly Text[] {
  return texts.filter(({ en }, i) => texts.findIndex((other) => other.en === en) === i)
}

function joinedReasons(reasons: readonly Text[]): Text {
  return {
    ja: reasons.map(({ ja }) => ja).join('；'),
    en: reasons.map(({ en }) => en).join('; '),
  }
}

/** A rule that bears on several methods is without effect only if it is so for each of them. */
function ofAllParts(
  parts: readonly { readonly focus: Focus; readonly findings: readonly Finding[] }[],
): readonly Finding[] {
  const all = parts.flatMap(({ findings }) => findings)
  return all.filter((finding, i) => {
    if (all.findIndex((other) => sameMatter(finding, other)) !== i) return false
    const { rule } = finding
    if (rule === undefined || !WITHOUT_EFFECT.includes(finding.kind)) return true
    return parts
      .filter(({ focus }) => looksAt(focus, rule))
      .every(({ findings }) => findings.some((other) => sameMatter(finding, other)))
  })
}

function unproved(axis: string, { pack, method }: Focus): Text {
  const what = method === undefined ? axis : method === '' ? (pack.notes[0]?.id ?? axis) : method
  return { ja: `${what}については何も証明されていません`, en: `nothing was proved of ${what}` }
}

/** A rule is dead, or without effect, only if it is so whenever one asks. */
function atEveryInstant(byInstant: readonly (readonly Finding[])[]): readonly Finding[] {
  const [first = [], ...others] = byInstant
  return first.flatMap((finding) => {
    const elsewhere = others.map((findings) => findings.find((other) => sameMatter(finding, other)))
    if (elsewhere.some((other) => other === undefined)) return []
    // What is dead now and only without effect later is without effect.
    const weaker = elsewhere.find(
      (other) => other !== undefined && finding.kind === 'dead-rule' && other.kind !== 'dead-rule',
    )
    return [weaker ?? finding]
  })
}

const WITHOUT_EFFECT = ['dead-rule', 'shadowed-rule', 'redundant-rule']

function sameMatter(a: Finding, b: Finding): boolean {
  const same =
    a.kind === b.kind || (WITHOUT_EFFECT.includes(a.kind) && WITHOUT_EFFECT.includes(b.kind))
  return same && a.rule === b.rule && a.level === b.level
}

class AxisAnalysis {
  readonly #exact: ExactModel
  readonly #model: PackModel
  readonly #axis: Axis
  readonly #replay: Replay
  readonly #method: string | undefined
  readonly #findings: Finding[] = []

  /** Of an axis of methods, only `method` is judged. */
  constructor(exact: ExactModel, axis: Axis, replay: Replay, method: string | undefined) {
    this.#exact = exact
    this.#model = exact.model(0)
    this.#axis = axis
    this.#replay = replay
    this.#method = method
  }

  run(): readonly Finding[] {
    const dead = this.#deadRules()
    switch (this.#axis.kind) {
      case 'levels':
        this.#levels(this.#axis, dead)
        break
      case 'methods':
        if (this.#method !== '') this.#methods(this.#axis, dead)
        break
      case 'answer':
        this.#answers(this.#axis.name, dead)
        break
    }
    return this.#findings
  }

  #deadRules(): ReadonlySet<Rule> {
    const dead = new Set<Rule>()
    for (const rule of rulesOn(this.#model.pack, this.#axis.name)) {
      if (this.#exact.possible(this.#model.rule(rule))) continue
      if (this.#method === '' && this.#model.pack.grants.length > 0)
        throw new NotCovered(openOn(rule.id, 'noteOfSeveralMethods'))
      dead.add(rule)
      this.#add('dead-rule', { rule: rule.id }, this.#nearMiss(rule), {
        ja: `規則${rule.id}は誰にも当てはまりません`,
        en: `rule ${rule.id} holds for nobody`,
      })
    }
    return dead
  }

  /** Somebody of whom all but one part of a rule that never holds is true. */
  #nearMiss(rule: Rule): Example | undefined {
    const { diagrams } = this.#exact
    const parts = conjuncts(rule.condition).map((part) => this.#model.condition(part))
    for (const left of parts.keys()) {
      const person = this.#exact.person(diagrams.all(parts.filter((_, i) => i !== left)))
      if (person !== undefined && parts.length > 1) return this.#example(person)
    }
    return undefined
  }

  #levels(axis: LevelAxis, dead: ReadonlySet<Rule>): void {
    const { diagrams } = this.#exact
    const reached = this.#model.reached(axis)
    const exactly = reached.map((node, i) => diagrams.without(node, reached[i + 1] ?? NEVER))
    const { grants, vetoes, caps } = this.#model.pack
    const ofAxis = {
      grants: grants.filter((rule) => rule.gives.has(axis.name) && !dead.has(rule)),
      lowering: [
        ...vetoes.filter(({ removes }) => removes.has(axis.name)),
        ...caps.filter(({ to }) => to.has(axis.name)),
      ].filter((rule) => !dead.has(rule)),
    }
    this.#confirmLevels(axis, exactly)
    this.#unreachable(axis, exactly)
    for (const grant of ofAxis.grants) this.#grantOnLevels(axis, grant, reached)
    for (const rule of ofAxis.lowering) {
      if (this.#changes(reached, this.#model.reached(axis, rule))) continue
      this.#withoutEffect(
        rule,
        this.#shadow(rule, ofAxis.lowering, (other) => lowersAsMuch(axis, other, rule)),
      )
    }
    this.#singleRules(axis, ofAxis.grants, exactly)
    this.#gap(axis, exactly[0] ?? NEVER)
  }

  /** The levels of the diagrams are those of the ordinary engine, for one person of each. */
  #confirmLevels(axis: LevelAxis, exactly: readonly Node[]): void {
    exactly.forEach((node, i) => {
      const person = this.#exact.person(node)
      if (person === undefined) return
      const value = plainLevel(this.#replay.score(axis.name, person, this.#exact.now).value)
      const expected = axis.type.members[i] ?? ''
      if (value !== expected) throw new NotConfirmed(exampleScored(axis.name, expected, value))
    })
  }

  #unreachable(axis: LevelAxis, exactly: readonly Node[]): void {
    exactly.forEach((node, i) => {
      if (this.#exact.possible(node)) return
      const level = axis.type.members[i] ?? ''
      const below = [...exactly.slice(0, i)].reverse().find((other) => this.#exact.possible(other))
      const person = below === undefined ? undefined : this.#exact.person(below)
      this.#add(
        'unreachable-level',
        { level },
        person === undefined ? undefined : this.#example(person),
        {
          ja: `${axis.name}の${level}には誰も達しません`,
          en: `nobody reaches ${level} of ${axis.name}`,
        },
      )
    })
  }

  #grantOnLevels(axis: LevelAxis, grant: Grant, reached: readonly Node[]): void {
    const { diagrams } = this.#exact
    const bit = grant.gives.get(axis.name) ?? 1
    const level = 31 - Math.clz32(bit)
    const node = this.#model.rule(grant)
    if (!this.#exact.possible(diagrams.and(node, reached[level] ?? NEVER))) {
      const person = this.#exact.person(node)
      const by = [...this.#model.pack.caps, ...this.#model.pack.vetoes]
        .filter((rule) => ('to' in rule ? rule.to : rule.removes).has(axis.name))
        .filter((rule) => this.#exact.possible(diagrams.and(node, this.#model.rule(rule))))
      this.#add(
        'always-capped',
        { rule: grant.id, level: axis.type.members[level], by: by.map(({ id }) => id) },
        person === undefined ? undefined : this.#example(person),
        {
          ja: `${grant.id}が与える${axis.type.members[level] ?? ''}は必ず下げられます`,
          en: `what ${grant.id} gives, ${axis.type.members[level] ?? ''}, is always lowered`,
        },
      )
    } else if (
      !this.#changes(reached, this.#model.reached(axis, grant)) &&
      !this.#isShown(axis, grant, reached)
    ) {
      const others = this.#model.pack.grants.filter(
        (other) => (other.gives.get(axis.name) ?? 0) >= bit,
      )
      this.#withoutEffect(
        grant,
        this.#shadow(grant, others, () => true),
      )
    }
  }

  /** Where the value names the grant that gave it: is it ever the first of its level? */
  #isShown(axis: LevelAxis, grant: Grant, reached: readonly Node[]): boolean {
    if (axis.shows === undefined) return false
    const { diagrams } = this.#exact
    const bit = grant.gives.get(axis.name)
    const { grants } = this.#model.pack
    const earlier = grants
      .slice(0, grants.indexOf(grant))
      .filter(({ gives }) => gives.get(axis.name) === bit)
      .map((other) => this.#model.rule(other))
    const level = 31 - Math.clz32(bit ?? 1)
    const value = diagrams.without(reached[level] ?? NEVER, reached[level + 1] ?? NEVER)
    const first = diagrams.without(this.#model.rule(grant), diagrams.any(earlier))
    return this.#exact.possible(diagrams.and(value, first))
  }

  #changes(before: readonly Node[], after: readonly Node[]): boolean {
    const { diagrams } = this.#exact
    return before.some((node, i) => {
      const other = after[i] ?? NEVER
      return (
        node !== other &&
        this.#exact.possible(
          diagrams.any([diagrams.without(node, other), diagrams.without(other, node)]),
        )
      )
    })
  }

  /** One other rule that holds wherever this one does. */
  #shadow<R extends Rule>(
    rule: R,
    others: readonly R[],
    fits: (other: R) => boolean,
  ): Rule | undefined {
    const { diagrams } = this.#exact
    return others.find(
      (other) =>
        other !== rule &&
        fits(other) &&
        !this.#exact.possible(diagrams.without(this.#model.rule(rule), this.#model.rule(other))),
    )
  }

  #withoutEffect(rule: Rule, by: Rule | undefined): void {
    const person = this.#exact.person(this.#model.rule(rule))
    const example = person === undefined ? undefined : this.#example(person)
    if (by === undefined) {
      this.#add('redundant-rule', { rule: rule.id }, example, {
        ja: `${rule.id}がなくても誰の値も変わりません`,
        en: `without ${rule.id} nobody's value changes`,
      })
    } else {
      this.#add('shadowed-rule', { rule: rule.id, by: [by.id] }, example, {
        ja: `${rule.id}が当てはまる人には必ず${by.id}も当てはまります`,
        en: `wherever ${rule.id} holds, ${by.id} holds too`,
      })
    }
  }

  #singleRules(axis: LevelAxis, grants: readonly Grant[], exactly: readonly Node[]): void {
    const { diagrams } = this.#exact
    exactly.forEach((node, i) => {
      if (i === 0 || !this.#exact.possible(node)) return
      const only = grants.find(
        (grant) =>
          grant.gives.get(axis.name) === 1 << i &&
          !this.#exact.possible(diagrams.without(node, this.#model.rule(grant))),
      )
      if (only === undefined) return
      const person = this.#exact.person(node)
      const level = axis.type.members[i] ?? ''
      this.#add(
        'single-rule-level',
        { rule: only.id, level },
        person === undefined ? undefined : this.#example(person),
        {
          ja: `${level}には${only.id}によってのみ達します`,
          en: `${level} is reached through ${only.id} only`,
        },
      )
    })
  }

  /** Something of everything that the rules look at is recorded, and still nothing is granted. */
  #gap(axis: LevelAxis, lowest: Node): void {
    const { diagrams } = this.#exact
    const recorded = this.#exact.lists
      .filter(({ id }) => id === 'evidence' || id === 'auth.factors' || id.startsWith('checks.'))
      .map(({ states }) =>
        typeof states === 'object' ? diagrams.test(states.variable, (value) => value > 0) : NEVER,
      )
    const vetoed = this.#model.pack.vetoes
      .filter(({ removes }) => removes.has(axis.name))
      .map((rule) => this.#model.rule(rule))
    if (recorded.length === 0) return
    const person = this.#exact.person(
      diagrams.without(diagrams.all([lowest, ...recorded]), diagrams.any(vetoed)),
    )
    if (person === undefined) return
    this.#add('gap', { level: axis.type.members[0] }, this.#example(person), {
      ja: `記録はあるが${axis.name}の規則がどれも当てはまらない人がいます`,
      en: `somebody with records of every kind is granted nothing on ${axis.name}`,
    })
  }

  #methods(axis: MethodAxis, dead: ReadonlySet<Rule>): void {
    const { pack } = this.#model
    const held = this.#model.methods(axis)
    axis.type.members.forEach((method, i) => {
      const node = held[i] ?? NEVER
      const person = this.#exact.person(node)
      if (person !== undefined || method !== this.#method) return
      this.#add('unreachable-level', { level: method }, undefined, {
        ja: `方法${method}は誰にも認められません`,
        en: `nobody has the method ${method}`,
      })
    })
    const rules = [
      ...pack.grants.filter(({ gives }) => gives.has(axis.name)),
      ...pack.vetoes.filter(({ removes }) => removes.has(axis.name)),
      ...pack.caps.filter(({ to }) => to.has(axis.name)),
    ]
    for (const rule of rules) {
      if (dead.has(rule) || this.#changes(held, this.#model.methods(axis, rule))) continue
      this.#withoutEffect(
        rule,
        this.#shadow<Rule>(rule, rules, (other) => sameEffect(axis, other, rule)),
      )
    }
  }

  #answers(axis: string, dead: ReadonlySet<Rule>): void {
    const answered = this.#model.answered(axis)
    for (const { rule, node, first } of answered) {
      if (dead.has(rule) || this.#exact.possible(first)) continue
      const before = answered.find(
        (other) =>
          other.rule !== rule &&
          !this.#exact.possible(this.#exact.diagrams.without(node, other.node)),
      )
      this.#withoutEffect(rule, before?.rule ?? answered[0]?.rule)
    }
  }

  #example(person: Facts): Example {
    const { value } = this.#replay.score(this.#axis.name, person, this.#exact.now)
    return exampleOf(person, this.#exact.now, [value])
  }

  #add(
    kind: Finding['kind'],
    about: {
      readonly rule?: string | undefined
      readonly level?: string | undefined
      readonly by?: readonly string[]
    },
    example: Example | undefined,
    text: Text,
  ): void {
    const { rule, level, by = [] } = about
    this.#findings.push({ kind, axis: this.#axis.name, rule, level, by, text, example })
  }
}

function conjuncts(ir: Ir): readonly Ir[] {
  return ir.op === 'and' ? [...conjuncts(ir.left), ...conjuncts(ir.right)] : [ir]
}

function lowersAsMuch(axis: LevelAxis, other: Rule, rule: Rule): boolean {
  const bound = (one: Rule) => ('to' in one ? ((one as Cap).to.get(axis.name) ?? 1) : 0) // only caps have `to`
  return bound(other) <= bound(rule)
}

function sameEffect(axis: MethodAxis, other: Rule, rule: Rule): boolean {
  const effect = (one: Rule) =>
    'gives' in one
      ? (one as Grant).gives.get(axis.name)
      : 'removes' in one
        ? (one as Veto).removes.get(axis.name)
        : undefined
  return (
    effect(rule) !== undefined &&
    'gives' in rule === 'gives' in other &&
    ((effect(rule) ?? 0) & ~(effect(other) ?? 0)) === 0
  )
}
