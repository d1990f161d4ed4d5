import type { Report } from './diagnostic.ts'
import { asMap, Fields, readDocument, type ScalarValue, type SourceFile } from './document.ts'
import { unknownAxisOf, unknownFramework, unknownLanguage, unknownLevel } from './name-faults.ts'
import type { Axis } from './pack.ts'
import { PART } from './parts.ts'

/** The frameworks that a document may name, with their axes. */
export interface NamedAxes {
  readonly ids: readonly string[]
  axesOf(framework: string): ReadonlyMap<string, Axis>
}

/** Every document names the version of the language that it is written in. */
export function checkLanguage(fields: Fields, report: Report): void {
  const language = fields.scalar('language')
  if (language === undefined) fields.required('language')
  else if (language.text !== '1') report.add(language.place, unknownLanguage(language.text))
}

/** The fields of a document whose language is known; `undefined` for one that is no map, which is reported. */
export function openDocument(source: SourceFile, report: Report): Fields | undefined {
  const document = readDocument(source, report)
  const map = document === undefined ? undefined : asMap(document, PART.document, report)
  if (map === undefined) return undefined
  const fields = new Fields(map, report)
  checkLanguage(fields, report)
  return fields
}

/** The axis that `framework` and `axis` of a map name. */
export function readAxisName(fields: Fields, named: NamedAxes, report: Report): Axis | undefined {
  const framework = fields.scalar('framework')
  const name = fields.scalar('axis')
  fields.required('framework')
  fields.required('axis')
  if (framework === undefined || name === undefined) return undefined
  const { ids } = named
  if (!ids.includes(framework.text)) {
    report.add(framework.place, unknownFramework(framework.text, ids))
    return undefined
  }
  const axes = named.axesOf(framework.text)
  const axis = axes.get(name.text)
  if (axis === undefined)
    report.add(name.place, unknownAxisOf(name.text, framework.text, axes.keys()))
  return axis
}

/** Whether a level or method is one of its axis. */
export function isMember(
  value: ScalarValue,
  axis: Exclude<Axis, { kind: 'answer' }>,
  report: Report,
): boolean {
  const { members } = axis.type
  if (members.includes(value.text)) return true
  report.add(value.place, unknownLevel(value.text, axis.name, members))
  return false
}
