import type { Report } from '../language/diagnostic.ts'
import { asMap, Fields, type Value } from '../language/document.ts'
import { PART } from '../language/parts.ts'
import { isMember, readAxisName, type NamedAxes } from '../language/read-names.ts'
import type { AssuranceFlag, AxisMinimum, Minimum } from '../ports.ts'
import { FLAGS } from './flags.ts'
import { axisTwice, axisWithoutLevels, unknownFlag } from './minimum-faults.ts'

/** `axes` and `flags` of a map, all of which are needed. Faults go into `report`. */
export function readMinimum(fields: Fields, named: NamedAxes, report: Report): Minimum {
  const axes: AxisMinimum[] = []
  for (const item of fields.list('axes')) {
    const axis = readAxisMinimum(item, named, report)
    if (axis === undefined) continue
    if (axes.some((known) => known.framework === axis.framework && known.axis === axis.axis))
      report.add(item.place, axisTwice(axis.axis))
    axes.push(axis)
  }
  return { axes, flags: readFlags(fields, report) }
}

function readAxisMinimum(item: Value, named: NamedAxes, report: Report): AxisMinimum | undefined {
  const map = asMap(item, PART.axis, report)
  if (map === undefined) return undefined
  const fields = new Fields(map, report)
  const axis = readAxisName(fields, named, report)
  const level = fields.scalar('level')
  fields.required('level')
  fields.finish()
  if (axis === undefined || level === undefined) return undefined
  if (axis.kind !== 'levels') {
    report.add(map.place, axisWithoutLevels(axis.name))
    return undefined
  }
  if (!isMember(level, axis, report)) return undefined
  return { framework: fields.text('framework') ?? '', axis: axis.name, level: level.text }
}

function readFlags(fields: Fields, report: Report): readonly AssuranceFlag[] {
  return fields.texts('flags').flatMap((value) => {
    const flag = FLAGS.find((known) => known === value.text)
    if (flag !== undefined) return [flag]
    report.add(value.place, unknownFlag(value.text, FLAGS))
    return []
  })
}
