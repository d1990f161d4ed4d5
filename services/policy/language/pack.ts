import type { Catalogue } from './catalogue.ts'
import type { Seconds } from './dates.ts'
import type { Ir, Table } from './ir.ts'
import type { Place } from './diagnostic.ts'
import type { SourceMap } from './source-map.ts'
import type { Text } from './text.ts'
import type { EnumType, Type } from './types.ts'

/** Half-open: `from` belongs to it, `until` does not. */
export interface Period {
  readonly from: Seconds | undefined
  readonly until: Seconds | undefined
}

/** What an axis is about: a person, one login, or one question such as "may this authenticator be bound". */
export type AxisScope = 'person' | 'ceremony' | 'question'

interface AxisCommon {
  readonly name: string
  readonly scope: AxisScope
  readonly title: Text
  /** Used by other axes and rules only; never an answer. */
  readonly internal: boolean
}

export interface LevelAxis extends AxisCommon {
  readonly kind: 'levels'
  /** Low to high; the first is what stands when nothing is granted. */
  readonly type: EnumType
  /** Weakest of these instead of grants. */
  readonly minimum: readonly Ir[] | undefined
  /** Member of the value that names the first grant which gave the level, such as `profile`. */
  readonly shows: string | undefined
}

export interface MethodAxis extends AxisCommon {
  readonly kind: 'methods'
  readonly type: EnumType
  /** Dated names of a method; the last is shown from the end of the one before it. */
  readonly labels: ReadonlyMap<
    string,
    readonly { readonly until: Seconds | undefined; readonly text: string }[]
  >
}

export interface AnswerAxis extends AxisCommon {
  readonly kind: 'answer'
  readonly fields: AnswerFields
  readonly otherwise: Answer
}

export type Axis = LevelAxis | MethodAxis | AnswerAxis
export interface AnswerFields {
  readonly [name: string]: Type | AnswerFields
}
export interface Answer {
  readonly [name: string]: AnswerPart
}
export type AnswerPart =
  { readonly kind: 'value'; readonly ir: Ir } | { readonly kind: 'parts'; readonly parts: Answer }

export interface Rule {
  readonly id: string
  readonly place: Place
  readonly title: Text
  readonly cites: readonly string[]
  readonly condition: Ir
  readonly inForce: Period
  /** What would make it hold, for people. */
  readonly missing: Text | undefined
  /** Cost of that, 1 to 9. */
  readonly effort: number
}

export type UnknownMode = 'lower' | 'fire' | 'ignore'
/** Bit masks of levels (one bit) or methods (several) by axis. */
export type Effect = ReadonlyMap<string, number>

export interface Grant extends Rule {
  readonly stratum: 'grant'
  readonly gives: Effect
  /** What an axis with `shows` calls this grant. */
  readonly as: string | undefined
}
export interface Veto extends Rule {
  readonly stratum: 'veto'
  /** Methods removed; for ordered axes the mask is not used: the axis falls to its lowest value. */
  readonly removes: Effect
  readonly unknown: UnknownMode
}
export interface Cap extends Rule {
  readonly stratum: 'cap'
  readonly to: Effect
  readonly unknown: UnknownMode
}
export interface Note extends Rule {
  readonly stratum: 'note'
  readonly axes: readonly string[]
  readonly flags: readonly string[]
  readonly oblige: readonly string[]
}
export interface AnswerRule extends Rule {
  readonly stratum: 'answer'
  readonly axis: string
  readonly set: Answer
}

/** A statement about a pack that is proved before it is published. */
export type Invariant = { readonly place: Place; readonly why: Text | undefined } & (
  | {
      /** More evidence never lowers the axis, unless by a change of these derived fields. */
      readonly kind: 'monotone'
      readonly axis: string
      readonly except: readonly string[]
    }
  | {
      /** Whoever has the level, or the method, fulfils the condition. */
      readonly kind: 'needs'
      readonly axis: string
      readonly member: string
      readonly condition: Ir
    }
  /** Somebody has each level and each method. */
  | { readonly kind: 'reachable' }
  /** It gives nobody more than the version before it. */
  | { readonly kind: 'never-raises' }
)

/** Something that is named in a document, and where. */
export interface Named {
  readonly id: string
  readonly place: Place
}

export interface PackOption {
  readonly type: Type & { readonly kind: 'flag' | 'int' }
  readonly value: boolean | number
}

/** A framework as checked rules. */
export interface Pack {
  readonly framework: string
  readonly version: string
  readonly status: 'draft' | 'released'
  readonly title: Text
  readonly effective: Period
  readonly zone: string
  /** Framework id of the interface → its axes. */
  readonly serves: ReadonlyMap<string, readonly string[]>
  readonly options: ReadonlyMap<string, PackOption>
  readonly axes: ReadonlyMap<string, Axis>
  /** Axes in an order in which each follows those it reads. */
  readonly order: readonly string[]
  readonly tables: ReadonlyMap<string, Table>
  readonly grants: readonly Grant[]
  readonly vetoes: readonly Veto[]
  readonly caps: readonly Cap[]
  readonly notes: readonly Note[]
  readonly answers: readonly AnswerRule[]
  readonly invariants: readonly Invariant[]
  readonly uses: readonly PackUse[]
  /** Equivalences that it switches on as a profile. */
  readonly equivalences: readonly Named[]
  /** Minimums that relying parties may ask for by name. */
  readonly profiles: readonly Named[]
  /** What the values of vectors of trust mean; without it none are taken or given. */
  readonly trustmark: Named | undefined
  readonly catalogue: Catalogue
  /** Number of variables that its expressions use. */
  readonly slots: number
  /** Where each condition stands. */
  readonly sources: SourceMap
}

/** Another framework that this pack answers with, and how its options stand. */
export interface PackUse {
  readonly framework: string
  readonly options: ReadonlyMap<string, boolean | number>
  readonly person: readonly AxisRef[]
  readonly ceremony: readonly AxisRef[]
}

export interface AxisRef {
  readonly framework: string
  readonly axis: string
  /** Axis that says how long a session keeps the level of its login. */
  readonly session?: string
}
