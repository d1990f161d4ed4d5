import type { Catalogue } from './catalogue.ts'
import { ExpressionChecker } from './check-expression.ts'
import { parseScalar, type Definition, type ParsedExpression } from './scope.ts'
import { readTime } from './dates.ts'
import type { Report } from './diagnostic.ts'
import { asText, Fields, type MapValue, type ScalarValue, type Value } from './document.ts'
import type { Table } from './ir.ts'
import { unknownAxis, unknownWord } from './name-faults.ts'
import type { Axis, PackOption, Period } from './pack.ts'
import { PERIOD_BACKWARDS } from './pack-faults.ts'
import type { Text } from './text.ts'
import { noDate } from './type-faults.ts'
import { SourceMap } from './source-map.ts'
import type { EnumType, Type } from './types.ts'

const ALWAYS: Period = { from: undefined, until: undefined }

/** What the readers of one pack share: what was declared so far, and where faults go. */
export class Reading {
  readonly catalogue: Catalogue
  readonly report: Report
  readonly defines = new Map<string, Definition>()
  readonly derived = new Map<string, Map<string, Definition>>()
  readonly tables = new Map<string, Table>()
  readonly axisTypes = new Map<string, EnumType>()
  readonly axes = new Map<string, Axis>()
  readonly options = new Map<string, PackOption>()
  readonly parsed: ParsedExpression[] = []
  readonly sources = new SourceMap()
  zone = 'UTC'
  released = false
  checker: ExpressionChecker

  constructor(catalogue: Catalogue, report: Report) {
    this.catalogue = catalogue
    this.report = report
    this.checker = this.newChecker()
  }

  oneOf<const W extends readonly string[]>(
    value: ScalarValue | undefined,
    words: W,
  ): W[number] | undefined {
    if (value === undefined) return undefined
    const found = words.find((word) => word === value.text)
    if (found === undefined) this.report.add(value.place, unknownWord(value.text, words))
    return found
  }

  text(value: Value | undefined): Text {
    return asText(value, this.report)
  }

  date(value: ScalarValue | undefined): number | undefined {
    if (value === undefined) return undefined
    const time = readTime(value.text, this.zone)
    if (time === undefined) this.report.add(value.place, noDate(value.text, 'in a document'))
    return time
  }

  period(map: MapValue | undefined): Period {
    if (map === undefined) return ALWAYS
    const fields = new Fields(map, this.report)
    const period = {
      from: this.date(fields.scalar('from')),
      until: this.date(fields.scalar('until')),
    }
    fields.finish()
    if (period.from !== undefined && period.until !== undefined && period.from >= period.until) {
      this.report.add(map.place, PERIOD_BACKWARDS)
    }
    return period
  }

  parse(scalar: ScalarValue): ParsedExpression | undefined {
    const parsed = parseScalar(scalar, this.report)
    if (parsed !== undefined) this.parsed.push(parsed)
    return parsed
  }

  axisNamed(
    entry: { readonly text: string; readonly place: Value['place'] },
    type = false,
  ): Axis | undefined {
    const axis = this.axes.get(entry.text)
    if (axis !== undefined && !(type && axis.kind === 'answer')) return axis
    this.report.add(entry.place, unknownAxis(entry.text, this.axes.keys()))
    return undefined
  }

  newChecker(): ExpressionChecker {
    const options = new Map([...this.options].map(([name, { type }]) => [name, type as Type]))
    return new ExpressionChecker(
      {
        catalogue: this.catalogue,
        defines: this.defines,
        derived: this.derived,
        tables: this.tables,
        axes: this.axisTypes,
        options,
        zone: this.zone,
      },
      this.report,
      this.sources,
    )
  }
}
