import type { Json } from '../../kernel/canonical-json.ts'
import type { Node } from './diagrams.ts'

/** One fact of a scope as a variable: the values that rules can tell apart. `undefined` = left out. */
export interface FactVariable {
  readonly id: number
  readonly path: string
  readonly values: readonly (Json | undefined)[]
}

/** Mark of an element that is looked at as one that comes later. No fact. */
export const ADDED = '+added'

/** Where facts live: the whole person, or one element of a list. */
export class Scope {
  readonly id: string
  readonly depth: number
  readonly record: string
  /** Where facts.schema.json describes it. */
  readonly place: readonly string[]
  readonly list: ListGroup | undefined
  readonly variables = new Map<string, FactVariable>()
  readonly lists = new Map<string, ListGroup>()

  constructor(options: {
    readonly id: string
    readonly depth: number
    readonly record: string
    readonly place: readonly string[]
    readonly list?: ListGroup
  }) {
    this.id = options.id
    this.depth = options.depth
    this.record = options.record
    this.place = options.place
    this.list = options.list
  }
}

/** A statement about a list as a whole that rules make: some element …, at least n …, the slots can be filled. */
export type Atom =
  | { readonly kind: 'exists'; readonly body: () => Node }
  | { readonly kind: 'count'; readonly body: () => Node; limit: number }
  | { readonly kind: 'slots'; readonly slots: () => SlotNodes }

export interface SlotNodes {
  readonly allowed: Node
  /** Alternatives of slots. */
  readonly needs: readonly (readonly Node[])[]
  readonly ranks: readonly Node[]
  readonly strongest: Node | undefined
  /** Two filled slots are of two documents. */
  readonly byDocument: boolean
  /** One node per value of a key that two filled slots may not share. */
  readonly keys: readonly Node[]
}

/** Another element of the same list, looked for from within a statement about one. */
export interface Relation {
  /** The key that both elements share, where it is asked for. */
  readonly document: string | undefined
  readonly variable: number
  readonly body: Node
}

export interface ListGroupOptions {
  readonly id: string
  readonly owner: Scope
  readonly record: string
  readonly place: readonly string[]
  /** Field of the element that names the owner, and the field of the owner that it names. */
  readonly join?: { readonly field: string; readonly owner: string }
}

/** Stands among the variables of an element for the document that it is of. */
export const DOCUMENT = -1

/** Values of variables, by number. */
export type Assignment = ReadonlyMap<number, number>

/**
 * All that lists of any length can make true, found by closing the signatures of single elements under union with
 * saturated counts. The states become the values of one variable.
 */
export interface ListStates {
  readonly variable: number
  /** Which states go with which outer situation. */
  readonly feasible: Node
  readonly size: number
  /** Holds when the atom does; for counts, when there are at least `count`. */
  atom(key: string, count?: number): Node
  /** Elements of a shortest list in that state. */
  elements(value: number, valueOf: (variable: number) => number): readonly Assignment[]
}

/** One list, or the part of a list that belongs to one element of another. */
export class ListGroup {
  readonly id: string
  readonly owner: Scope
  readonly record: string
  readonly place: readonly string[]
  readonly join: { readonly field: string; readonly owner: string } | undefined
  readonly element: Scope
  /** A second element, for statements that compare two of them. */
  readonly other: Scope
  readonly atoms = new Map<string, Atom>()
  readonly relations = new Map<string, Relation>()
  states: ListStates | 'solving' | undefined

  constructor({ id, owner, record, place, join }: ListGroupOptions) {
    this.id = id
    this.owner = owner
    this.record = record
    this.place = place
    this.join = join
    const common = { record, place, list: this }
    this.element = new Scope({ ...common, id: `${id}[x]`, depth: owner.depth + 1 })
    this.other = new Scope({ ...common, id: `${id}[y]`, depth: owner.depth + 2 })
  }
}
