import type { Catalogue } from './catalogue.ts'
import type { Place, Report } from './diagnostic.ts'
import type { ScalarValue } from './document.ts'
import type { Table } from './ir.ts'
import { parseExpression } from './parse-expression.ts'
import type { SourceText } from './source-map.ts'
import type { Ast } from './syntax.ts'
import type { EnumType, Type } from './types.ts'

/** A parsed expression together with where each of its characters stands. */
export interface ParsedExpression extends SourceText {
  readonly ast: Ast
}

/** A named expression: `owned(e): …`, or `stands` of each piece of evidence. */
export interface Definition {
  readonly name: string
  readonly parameters: readonly string[]
  readonly body: ParsedExpression
  readonly place: Place
}

/** What an expression of one pack can name. */
export interface Scope {
  readonly catalogue: Catalogue
  readonly defines: ReadonlyMap<string, Definition>
  /** By record, then by field. */
  readonly derived: ReadonlyMap<string, ReadonlyMap<string, Definition>>
  readonly tables: ReadonlyMap<string, Table>
  readonly axes: ReadonlyMap<string, EnumType>
  /** Types of the options, read as `policy.<name>`. */
  readonly options: ReadonlyMap<string, Type>
  readonly zone: string
}

/** Record name of `policy`, whose fields are the options of the pack. */
export const OPTION_RECORD = 'policy options'

/** Parses the text of a scalar; a fault is reported at its own place. */
export function parseScalar(scalar: ScalarValue, report: Report): ParsedExpression | undefined {
  const parsed = parseExpression(scalar.text)
  if ('ast' in parsed) return { ast: parsed.ast, text: scalar.text, placeAt: scalar.placeAt }
  report.add(scalar.placeAt(parsed.at), parsed.fault)
  return undefined
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    // The platform throws RangeError for an unknown name; there is no other way to ask.
    return false
  }
}
