import type { Columns } from './columns.ts'
import type { Fault, Place } from './diagnostic.ts'
import type { Ir } from './ir.ts'
import { F } from './kleene.ts'
import type { Definition, Scope } from './scope.ts'
import type { SourceMap } from './source-map.ts'
import type { Ast } from './syntax.ts'
import { expectedMember } from './type-faults.ts'
import { FAULTY, sameType, type EnumType, type Type } from './types.ts'

/** Variables and parameters by name. */
export type Locals = ReadonlyMap<string, Ir>

/** Stands for what was reported already. */
export const FAULTY_IR: Ir = { op: 'truth', value: F, type: FAULTY }

/** What the parts of the checker of one pack share: what can be named, the expression that is read, and where faults go. */
export interface Checking {
  readonly scope: Scope
  readonly sources: SourceMap
  /** Cells of the row that is read. */
  readonly columns: Columns
  /** Whether more evidence must not turn what is read from true to false. */
  readonly monotone: boolean
  /** Results of derived fields: what is negated inside them is settled before any rule. */
  readonly settled: WeakSet<Ir>
  newSlot(): number
  /** Place of the n-th character of the expression that is read. */
  placeAt(offset: number): Place
  check(ast: Ast, locals: Locals, expected?: Type): Ir
  /** A condition. */
  truth(ast: Ast, locals: Locals): Ir
  /** A definition with `args` for its parameters. */
  inline(definition: Definition, args: readonly Ir[], at: number, monotone?: boolean): Ir
  /** Reports what is wrong at an offset of the expression that is read. */
  fault(at: number, fault: Fault): Ir
  faultIn(place: Place, fault: Fault): Ir
}

export function fits(ir: Ir, expected: Type): boolean {
  if (ir.type.kind === 'faulty' || expected.kind === 'faulty') return true
  return sameType(ir.type, expected)
}

/** Union of literal members. */
export function literalMembers(
  checking: Checking,
  items: readonly Ast[],
  type: EnumType,
  locals: Locals,
): number {
  let mask = 0
  for (const item of items) {
    const ir = checking.check(item, locals, type)
    if (ir.op === 'mask') mask |= ir.value
    else if (ir.type.kind !== 'faulty') checking.fault(item.at, expectedMember(type))
  }
  return mask
}
