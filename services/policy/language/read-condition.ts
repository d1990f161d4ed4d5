import { checkRecord } from './catalogue.ts'
import { isColumn, NO_COLUMNS, type Columns } from './columns.ts'
import { asList, asMap, Fields, type MapValue, type ScalarValue, type Value } from './document.ts'
import type { Ir } from './ir.ts'
import { T } from './kleene.ts'
import { unknownCheck, unknownColumn, unknownMember } from './name-faults.ts'
import {
  ODD_CHECK_VALUE,
  ODD_COUNT_OF_CLAUSES,
  ODD_SLOT_LIST,
  pieceCount,
  RANK_HAS_NO_ORDER,
  slotCount,
  STRONGEST_AND_RANK,
} from './rule-faults.ts'
import { entryOf, PART } from './parts.ts'
import type { Reading } from './reading.ts'
import { ABSENT, maskOf, TRUTH, type Type } from './types.ts'

const MAX_SLOTS = 4

/** What one slot asks of a piece, and the row whose cells it may name. */
interface SlotNeed {
  readonly where: ScalarValue
  readonly columns: Columns
}

/** Reads the condition keys of rules: `when`, `all_of`, `any_of`, `n_of`, `use`, `check` and `slots`. */
export class ConditionReader {
  readonly #reading: Reading
  readonly #use: (rule: ScalarValue) => Ir
  #columns = NO_COLUMNS

  /** `use` gives the condition of another rule. */
  constructor(reading: Reading, use: (rule: ScalarValue) => Ir) {
    this.#reading = reading
    this.#use = use
  }

  /** Condition of a rule; `columns` are the cells of the row that it was made from. */
  rule(fields: Fields, monotone: boolean, columns: Columns): Ir {
    return this.#reading.checker.inRow(columns, () => {
      const before = this.#columns
      this.#columns = columns
      const ir = this.#clauses(fields, monotone)
      this.#columns = before
      return ir
    })
  }

  /** Condition keys of a rule or of an element of `all_of`; several are joined by and, none means always. */
  #clauses(fields: Fields, monotone: boolean): Ir {
    const parts: Ir[] = []
    const when = fields.scalar('when')
    if (when !== undefined) parts.push(this.#expression(when, monotone))
    const all = fields.list('all_of').map((item) => this.#clause(item, monotone))
    parts.push(...all)
    if (fields.entry('any_of') !== undefined) {
      parts.push(
        atLeast(
          1,
          fields.list('any_of').map((item) => this.#clause(item, monotone)),
        ),
      )
    }
    const several = fields.map('n_of')
    if (several !== undefined) parts.push(this.#severalOf(several, monotone))
    const use = fields.scalar('use')
    if (use !== undefined) parts.push(this.#use(use))
    const check = fields.scalar('check')
    if (check !== undefined) parts.push(this.#check(check, fields))
    const slots = fields.map('slots')
    if (slots !== undefined) parts.push(this.#slots(slots, monotone))
    return parts.reduce<Ir>((left, right) => ({ op: 'and', left, right, type: TRUTH }), TRUE)
  }

  #clause(item: Value, monotone: boolean): Ir {
    if (item.kind === 'scalar') return this.#expression(item, monotone)
    const map = asMap(item, PART.clause, this.#reading.report)
    if (map === undefined) return TRUE
    const fields = new Fields(map, this.#reading.report)
    const ir = this.#clauses(fields, monotone)
    fields.finish()
    return ir
  }

  #expression(scalar: ScalarValue, monotone: boolean): Ir {
    const parsed = this.#reading.parse(scalar)
    return parsed === undefined ? TRUE : this.#reading.checker.condition(parsed, monotone)
  }

  #severalOf(map: MapValue, monotone: boolean): Ir {
    const fields = new Fields(map, this.#reading.report)
    const n = fields.scalar('n')
    const of = fields.list('of').map((item) => this.#clause(item, monotone))
    fields.finish()
    if (typeof n?.value === 'number' && n.value >= 1 && n.value <= of.length)
      return atLeast(n.value, of)
    this.#reading.report.add(n?.place ?? map.place, ODD_COUNT_OF_CLAUSES)
    return TRUE
  }

  /** `{check: match, scope_any: [application, all], source: government}`. */
  #check(check: ScalarValue, fields: Fields): Ir {
    const record = this.#reading.catalogue.records.get(checkRecord(check.text))
    if (record === undefined) {
      this.#reading.report.add(
        check.place,
        unknownCheck(check.text, this.#reading.catalogue.checkTypes),
      )
      return TRUE
    }
    const slot = this.#reading.checker.newSlot()
    const element: Ir = {
      op: 'variable',
      slot,
      type: { kind: 'record', record: checkRecord(check.text) },
    }
    let body: Ir = { op: 'field', of: element, name: 'ok', type: TRUTH }
    this.#place(body, 'ok', check)
    for (const [name, type] of record) {
      for (const key of [name, `${name}_any`]) {
        const value = fields.entry(key)?.value
        if (value === undefined) continue
        const of: Ir = { op: 'field', of: element, name, type }
        const mask = this.#checkMask(value, type)
        const asked: Ir = { op: 'one-of', of, mask, type: TRUTH }
        this.#place(asked, key, value)
        body = { op: 'and', left: body, right: asked, type: TRUTH }
      }
    }
    const root: Ir = { op: 'root', name: 'checks', type: { kind: 'record', record: 'Checks' } }
    const list: Ir = {
      op: 'field',
      of: root,
      name: check.text,
      type: { kind: 'list', record: checkRecord(check.text) },
    }
    const found: Ir = { op: 'exists', list, slot, body, type: TRUTH }
    this.#place(found, `check: ${check.text}`, check)
    return found
  }

  /** A condition that is written as keys and values stands where its value does. */
  #place(ir: Ir, text: string, { place }: Value): void {
    this.#reading.sources.add(ir, {
      source: { text, placeAt: () => place },
      at: 0,
      end: text.length,
    })
  }

  #checkMask(value: Value, type: Type): number {
    const items = itemsOf(value).flatMap((item) => {
      const cell = this.#cell(item)
      return cell === undefined ? [] : itemsOf(cell)
    })
    return items.reduce((mask, item) => {
      if (item.kind === 'scalar' && type.kind === 'flag' && typeof item.value === 'boolean')
        return mask | (item.value ? 2 : 1)
      if (item.kind === 'scalar' && type.kind === 'enum') {
        const member = maskOf(type, item.text)
        if (member !== ABSENT) return mask | member
        this.#reading.report.add(item.place, unknownMember(item.text, type))
        return mask
      }
      this.#reading.report.add(item.place, ODD_CHECK_VALUE)
      return mask
    }, 0)
  }

  #slots(map: MapValue, monotone: boolean): Ir {
    const fields = new Fields(map, this.#reading.report)
    const from = /^(.+?)\s+as\s+(\w+)$/.exec(fields.requiredText('from') ?? '')
    const fromScalar = fields.scalar('from')
    const variable = from?.[2] ?? 'e'
    const list =
      fromScalar === undefined || from?.[1] === undefined
        ? undefined
        : this.#slotList(fromScalar, from[1], monotone)
    if (list?.type.kind !== 'list') {
      this.#reading.report.add(fromScalar?.place ?? map.place, ODD_SLOT_LIST)
      return TRUE
    }
    const slot = this.#reading.checker.newSlot()
    const locals = new Map<string, Ir>([
      [variable, { op: 'variable', slot, type: { kind: 'record', record: list.type.record } }],
    ])
    const condition = (scalar: ScalarValue | undefined): Ir | undefined => {
      const parsed = scalar === undefined ? undefined : this.#reading.parse(scalar)
      return parsed === undefined
        ? undefined
        : this.#reading.checker.condition(parsed, monotone, locals)
    }
    const needs = this.#needs(fields, map).map((need) =>
      need.map(({ where, columns }) =>
        this.#reading.checker.inRow(columns, () => condition(where) ?? TRUE),
      ),
    )
    const distinct = fields.texts('distinct').flatMap((scalar) => {
      const parsed = this.#reading.parse(scalar)
      return parsed === undefined ? [] : [this.#reading.checker.any(parsed, false, locals)]
    })
    const strongest = condition(fields.scalar('strongest'))
    const rank = fields.scalar('rank')
    const rankParsed = rank === undefined ? undefined : this.#reading.parse(rank)
    const rankIr =
      rankParsed === undefined ? undefined : this.#reading.checker.any(rankParsed, false, locals)
    if (rankIr !== undefined && !(rankIr.type.kind === 'enum' && rankIr.type.ordered)) {
      this.#reading.report.add(rank?.place ?? map.place, RANK_HAS_NO_ORDER)
    }
    if ((strongest === undefined) !== (rankIr === undefined)) {
      this.#reading.report.add(map.place, STRONGEST_AND_RANK)
    }
    const ir: Ir = {
      op: 'slots',
      list,
      slot,
      where: condition(fields.scalar('where')),
      distinct,
      needs,
      every: condition(fields.scalar('every')),
      strongest:
        strongest === undefined || rankIr === undefined
          ? undefined
          : { rank: rankIr, where: strongest },
      type: TRUTH,
    }
    this.#place(ir, 'slots', map)
    fields.finish()
    return ir
  }

  #slotList(scalar: ScalarValue, text: string, monotone: boolean): Ir | undefined {
    const parsed = this.#reading.parse({ ...scalar, text })
    return parsed === undefined ? undefined : this.#reading.checker.any(parsed, monotone)
  }

  #needs(fields: Fields, map: MapValue): readonly (readonly SlotNeed[])[] {
    const slots = (cells: readonly ScalarValue[]) =>
      cells.map((where) => ({ where, columns: this.#columns }))
    const one = fields.entry('need') === undefined ? [] : [slots(fields.texts('need'))]
    const several = fields
      .list('need_any')
      .map((item) =>
        slots(
          asList(item, entryOf('need_any'), this.#reading.report).filter(
            (cell) => cell.kind === 'scalar',
          ),
        ),
      )
    const each = fields.map('need_each')
    const listed = each === undefined ? undefined : this.#needEach(each)
    if (each !== undefined && listed === undefined) return []
    const needs = [...one, ...several, ...(listed === undefined ? [] : [listed])]
    if (needs.length === 0 || needs.some(({ length }) => length === 0 || length > MAX_SLOTS)) {
      this.#reading.report.add(map.place, slotCount(MAX_SLOTS))
    }
    return needs
  }

  /** What stands in the place of `$column`, any other value as it is; `undefined` when there is no such column. */
  #cell(value: Value): Value | undefined {
    if (value.kind !== 'scalar' || !isColumn(value.text)) return value
    const cell = this.#columns.get(value.text)
    if (cell === undefined) {
      this.#reading.report.add(
        value.place,
        unknownColumn(value.text, this.#columns.hint(value.text)),
      )
    }
    return cell
  }

  /** One slot for each piece of a list, whose parts are `$0`, `$1` …; `undefined` when a fault was reported. */
  #needEach(map: MapValue): readonly SlotNeed[] | undefined {
    const { report } = this.#reading
    const fields = new Fields(map, report)
    const where = fields.scalar('where')
    fields.required('where')
    const given = fields.required('in')?.value
    fields.finish()
    if (given === undefined || where === undefined) return undefined
    const pieces = this.#cell(given)
    if (pieces === undefined) return undefined
    if (pieces.kind !== 'list' || pieces.items.length === 0 || pieces.items.length > MAX_SLOTS) {
      report.add(pieces.place, pieceCount(MAX_SLOTS))
      return undefined
    }
    return pieces.items.map((piece) => ({ where, columns: this.#columns.withPiece(piece) }))
  }
}

function itemsOf(value: Value): readonly Value[] {
  return value.kind === 'list' ? value.items : [value]
}

export const TRUE: Ir = { op: 'truth', value: T, type: TRUTH }

function atLeast(count: number, of: readonly Ir[]): Ir {
  return { op: 'at-least', count, of, type: TRUTH }
}
