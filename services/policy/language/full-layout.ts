import type { Catalogue } from './catalogue.ts'
import { codingOf, CodedLayout, type CodedRecord } from './coded-layout.ts'
import type { PackOption } from './pack.ts'
import type { Type } from './types.ts'

/**
 * A layout with a place for every fact of the catalogue, so that subjects written once serve any rules over it: the layout of a
 * single program has only what its rules read.
 *
 * @param roots of subjects who have no others; all when absent
 */
export function fullLayout(
  catalogue: Catalogue,
  options: ReadonlyMap<string, PackOption>,
  roots: readonly string[] = [...catalogue.roots.keys()],
): CodedLayout {
  const layout = new CodedLayout()
  const done = new Set<string>()
  const fill = (record: CodedRecord, path: readonly string[], type: Type): void => {
    if (type.kind === 'list') {
      const inner = layout.record(type.record)
      record.list(path, inner)
      if (done.has(type.record)) return
      done.add(type.record)
      fields(inner, [], type.record)
    } else if (type.kind === 'record') {
      fields(record, path, type.record)
    } else {
      const coding = codingOf(type)
      if (coding !== undefined) record.field(path, coding)
    }
  }
  const fields = (record: CodedRecord, path: readonly string[], name: string): void => {
    for (const [field, type] of catalogue.records.get(name) ?? [])
      fill(record, [...path, field], type)
  }
  for (const [name, { type }] of options) fill(layout.root, ['policy', name], type)
  for (const [name, type] of catalogue.roots)
    if (roots.includes(name)) fill(layout.root, [name], type)
  return layout
}
