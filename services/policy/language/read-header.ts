import { asList, asMap, Fields, type Entry, type Value } from './document.ts'
import { unknownAxis } from './name-faults.ts'
import type { PackUse } from './pack.ts'
import { ODD_OPTION, ODD_OPTION_DEFAULT, oddFrameworkId, oddVersion } from './pack-faults.ts'
import { entryOf, namedPart, PART, quoted } from './parts.ts'
import type { Reading } from './reading.ts'

/** Version, options, what a pack serves and which packs it uses. */
export class HeaderReader {
  readonly #reading: Reading

  constructor(reading: Reading) {
    this.#reading = reading
  }

  framework(head: Fields): string {
    head.required('framework')
    const value = head.scalar('framework')
    if (value !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(value.text)) {
      this.#reading.report.add(value.place, oddFrameworkId(value.text))
    }
    return value?.text ?? ''
  }

  version(head: Fields): string {
    const value = head.scalar('version')
    if (value !== undefined && !/^\d+\.\d+\.\d+$/.test(value.text)) {
      this.#reading.report.add(value.place, oddVersion(value.text))
    }
    return value?.text ?? ''
  }

  option(entry: Entry): void {
    const map = asMap(entry.value, namedPart('option', entry.key), this.#reading.report)
    if (map === undefined) return
    const fields = new Fields(map, this.#reading.report)
    fields.entry('title')
    const fallback = fields.scalar('default')
    fields.required('default')
    fields.finish()
    if (typeof fallback?.value === 'boolean')
      this.#reading.options.set(entry.key, { type: { kind: 'flag' }, value: fallback.value })
    else if (typeof fallback?.value === 'number')
      this.#reading.options.set(entry.key, { type: { kind: 'int' }, value: fallback.value })
    else if (fallback !== undefined) this.#reading.report.add(fallback.place, ODD_OPTION_DEFAULT)
  }

  serves(head: Fields): Map<string, readonly string[]> {
    const serves = new Map<string, readonly string[]>()
    for (const entry of head.map('serves')?.entries ?? []) {
      const names = asList(entry.value, quoted(entry.key), this.#reading.report).flatMap((item) => {
        if (item.kind === 'scalar' && this.#reading.axes.has(item.text)) return [item.text]
        const name = item.kind === 'scalar' ? item.text : ''
        this.#reading.report.add(item.place, unknownAxis(name, this.#reading.axes.keys()))
        return []
      })
      serves.set(entry.key, names)
    }
    return serves
  }

  use(item: Value): PackUse[] {
    const map = asMap(item, entryOf('uses'), this.#reading.report)
    if (map === undefined) return []
    const fields = new Fields(map, this.#reading.report)
    const framework = fields.requiredText('framework') ?? ''
    const options = new Map<string, boolean | number>()
    for (const { key, value } of fields.map('options')?.entries ?? []) {
      if (
        value.kind === 'scalar' &&
        (typeof value.value === 'boolean' || typeof value.value === 'number')
      )
        options.set(key, value.value)
      else this.#reading.report.add(value.place, ODD_OPTION)
    }
    const refs = (key: string) =>
      fields.list(key).flatMap((ref) => {
        const refMap = asMap(ref, PART.axis, this.#reading.report)
        if (refMap === undefined) return []
        const refFields = new Fields(refMap, this.#reading.report)
        const found = {
          framework: refFields.requiredText('framework') ?? '',
          axis: refFields.requiredText('axis') ?? '',
        }
        const session = refFields.text('session')
        refFields.finish()
        return [session === undefined ? found : { ...found, session }]
      })
    const use = { framework, options, person: refs('person'), ceremony: refs('ceremony') }
    fields.finish()
    return [use]
  }
}
