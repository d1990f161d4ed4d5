import type { Comparison } from './syntax.ts'
import type { EnumType, Type } from './types.ts'

/**
 * A checked expression: names are resolved, enum members are masks, defines are inlined. Every back-end (closures,
 * generated code, analysis) starts from this form.
 */
export type Ir = { readonly type: Type } & (
  | { readonly op: 'truth'; readonly value: number }
  | { readonly op: 'mask'; readonly value: number }
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'text'; readonly value: string }
  | { readonly op: 'now' }
  | { readonly op: 'variable'; readonly slot: number }
  | { readonly op: 'root'; readonly name: string }
  | { readonly op: 'field'; readonly of: Ir; readonly name: string }
  | { readonly op: 'axis'; readonly axis: string }
  | { readonly op: 'level'; readonly of: Ir }
  | { readonly op: 'first'; readonly options: readonly Ir[] }
  | { readonly op: 'table'; readonly table: string; readonly key: Ir }
  | { readonly op: 'extreme'; readonly which: 'min' | 'max'; readonly of: readonly Ir[] }
  | { readonly op: 'conditional'; readonly test: Ir; readonly then: Ir; readonly otherwise: Ir }
  | { readonly op: 'and' | 'or'; readonly left: Ir; readonly right: Ir }
  | { readonly op: 'not'; readonly of: Ir }
  | { readonly op: 'at-least'; readonly count: number; readonly of: readonly Ir[] }
  | { readonly op: 'holds'; readonly flag: Ir }
  | { readonly op: 'one-of'; readonly of: Ir; readonly mask: number }
  | { readonly op: 'member-of'; readonly of: Ir; readonly set: Ir }
  | { readonly op: 'contains'; readonly set: Ir; readonly mask: number }
  | { readonly op: 'compare-enum'; readonly cmp: Comparison; readonly left: Ir; readonly right: Ir }
  | {
      readonly op: 'compare-number'
      readonly cmp: Comparison
      readonly left: Ir
      readonly right: Ir
    }
  | { readonly op: 'compare-time'; readonly cmp: Comparison; readonly left: Ir; readonly right: Ir }
  | { readonly op: 'same-key'; readonly left: Ir; readonly right: Ir }
  | { readonly op: 'within'; readonly time: Ir; readonly seconds: number }
  | { readonly op: 'within-days'; readonly time: Ir; readonly days: number; readonly zone: string }
  | { readonly op: 'has'; readonly of: Ir }
  | {
      readonly op: 'exists' | 'all' | 'exists_one' | 'filter' | 'count'
      readonly list: Ir
      readonly slot: number
      readonly body: Ir
    }
  | { readonly op: 'size'; readonly list: Ir }
  | SlotsIr
)

/** Pieces of a list assigned to slots, one piece per slot and one slot per piece. */
export interface SlotsIr {
  readonly op: 'slots'
  readonly list: Ir
  readonly slot: number
  readonly where: Ir | undefined
  /** Two filled slots share none of these keys; a piece without a key stands for itself. */
  readonly distinct: readonly Ir[]
  /** Alternative lists of slots. */
  readonly needs: readonly (readonly Ir[])[]
  /** Holds for each piece that fills a slot. */
  readonly every: Ir | undefined
  /** Holds for one piece of the highest rank among those that fill the slots. */
  readonly strongest: { readonly rank: Ir; readonly where: Ir } | undefined
}

/** A catalogue table: enum member → value, as masks. */
export interface Table {
  readonly name: string
  readonly key: EnumType
  readonly value: EnumType
  readonly rows: ReadonlyMap<number, number>
  readonly fallback: number
}
