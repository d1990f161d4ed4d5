import { readTime } from './dates.ts'
import type { Place } from './diagnostic.ts'
import { FAULTY_IR, fits, type Checking, type Locals } from './checking.ts'
import type { Ir } from './ir.ts'
import { F, T } from './kleene.ts'
import {
  unknownColumn,
  unknownField,
  unknownMember,
  unknownName,
  unknownOption,
  unknownTable,
} from './name-faults.ts'
import { OPTION_RECORD, type Definition } from './scope.ts'
import type { Ast } from './syntax.ts'
import {
  cellIsList,
  expectedType,
  noDate,
  noFields,
  ONLY_TABLES_ARE_INDEXED,
} from './type-faults.ts'
import { ABSENT, maskOf, TRUTH, type EnumType, type Type } from './types.ts'

/** Types what an expression names: facts and their fields, members, levels, days, tables and the cells of a row. */
export class NameChecker {
  readonly #checking: Checking

  constructor(checking: Checking) {
    this.#checking = checking
  }

  /** A day begins at midnight in the zone of the framework. */
  instant(text: string, at: number): Ir {
    const value = readTime(text, this.#checking.scope.zone)
    if (value !== undefined) return { op: 'number', value, type: { kind: 'timestamp' } }
    return this.#checking.fault(at, noDate(text, 'in an expression'))
  }

  member(name: string, place: Place, type: EnumType): Ir {
    const mask = maskOf(type, name)
    if (mask !== ABSENT) return { op: 'mask', value: mask, type }
    return this.#checking.faultIn(place, unknownMember(name, type))
  }

  /** The cell of a column, as a value of the type that is expected; a member that does not exist is the cell's fault. */
  #cell(name: string, at: number, expected?: Type): Ir {
    const cell = this.#checking.columns.get(name)
    if (cell === undefined) {
      return this.#checking.fault(at, unknownColumn(name, this.#checking.columns.hint(name)))
    }
    if (cell.kind !== 'scalar' || cell.value === null)
      return this.#checking.fault(at, cellIsList(name))
    if (expected?.kind === 'enum') return this.member(cell.text, cell.place, expected)
    if (expected?.kind === 'timestamp') return this.instant(cell.text, at)
    if (typeof cell.value === 'number')
      return { op: 'number', value: cell.value, type: { kind: 'int' } }
    if (typeof cell.value === 'boolean') {
      if (expected?.kind === 'flag')
        return { op: 'mask', value: cell.value ? 2 : 1, type: expected }
      return { op: 'truth', value: cell.value ? T : F, type: TRUTH }
    }
    return {
      op: 'text',
      value: cell.text,
      type: { kind: expected?.kind === 'label' ? 'label' : 'key' },
    }
  }

  name(name: string, at: number, locals: Locals, expected?: Type): Ir {
    if (name.startsWith('$')) return this.#cell(name, at, expected)
    const local = locals.get(name)
    if (local !== undefined) return local
    if (expected?.kind === 'enum' && expected.members.includes(name))
      return this.member(name, this.#checking.placeAt(at), expected)
    // The side that this word is compared with was reported already.
    if (expected?.kind === 'faulty') return FAULTY_IR
    if (name === 'now') return { op: 'now', type: { kind: 'timestamp' } }
    const define = this.#checking.scope.defines.get(name)
    if (define?.parameters.length === 0) return this.#checking.inline(define, [], at)
    const root =
      name === 'policy'
        ? ({ kind: 'record', record: OPTION_RECORD } as const)
        : this.#checking.scope.catalogue.roots.get(name)
    if (root !== undefined) return { op: 'root', name, type: root }
    if (expected?.kind === 'enum') return this.member(name, this.#checking.placeAt(at), expected)
    const known = [
      ...locals.keys(),
      'now',
      ...this.#checking.scope.defines.keys(),
      ...this.#checking.scope.catalogue.roots.keys(),
    ]
    return this.#checking.fault(at, unknownName(name, known))
  }

  field(ast: Ast & { kind: 'field' }, locals: Locals): Ir {
    const of = this.#checking.check(ast.of, locals)
    if (of.type.kind === 'faulty') return of
    if (of.type.kind !== 'record') {
      return this.#checking.fault(ast.nameAt, noFields(of.type))
    }
    const { record } = of.type
    const derived = this.#checking.scope.derived.get(record)?.get(ast.name)
    if (derived !== undefined) return this.#derivedField(derived, of, ast)
    const fields =
      record === OPTION_RECORD
        ? this.#checking.scope.options
        : this.#checking.scope.catalogue.records.get(record)
    const type = fields?.get(ast.name)
    if (type !== undefined) return { op: 'field', of, name: ast.name, type }
    const unknown = record === OPTION_RECORD ? unknownOption : unknownField
    const known = [
      ...(fields?.keys() ?? []),
      ...(this.#checking.scope.derived.get(record)?.keys() ?? []),
    ]
    return this.#checking.fault(ast.nameAt, unknown(ast.name, record, known))
  }

  #derivedField(definition: Definition, of: Ir, { name, nameAt }: Ast & { kind: 'field' }): Ir {
    const ir = this.#checking.inline(definition, [of], nameAt, false)
    // A copy, so that a variable or constant shared with other expressions is not marked.
    const settled = { ...ir }
    this.#checking.settled.add(settled)
    this.#checking.sources.copy(ir, settled)
    this.#checking.sources.derive(settled, name)
    return settled
  }

  index(ast: Ast & { kind: 'index' }, locals: Locals): Ir {
    const { of } = ast
    if (of.kind !== 'field' || of.of.kind !== 'name' || of.of.name !== 'tables') {
      return this.#checking.fault(ast.at, ONLY_TABLES_ARE_INDEXED)
    }
    const table = this.#checking.scope.tables.get(of.name)
    if (table === undefined) {
      return this.#checking.fault(
        of.nameAt,
        unknownTable(of.name, this.#checking.scope.tables.keys()),
      )
    }
    const key = this.#checking.check(ast.key, locals, table.key)
    if (!fits(key, table.key))
      return this.#checking.fault(ast.key.at, expectedType(table.key, key.type))
    return { op: 'table', table: table.name, key, type: table.value }
  }
}
