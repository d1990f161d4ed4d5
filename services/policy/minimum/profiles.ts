import { Report } from '../language/diagnostic.ts'
import { asMap, asText, Fields, type MapValue, type SourceFile } from '../language/document.ts'
import type { Named } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import { PART } from '../language/parts.ts'
import { openDocument, type NamedAxes } from '../language/read-names.ts'
import type { Minimum } from '../ports.ts'
import {
  oddAge,
  oddProfileId,
  profileAsksNothing,
  profileTwice,
  unknownProfile,
} from './minimum-faults.ts'
import { readMinimum } from './read-minimum.ts'

/** A minimum under a name, which a relying party may ask for. */
export interface Profile {
  readonly id: string
  readonly title: Text
  readonly minimum: Minimum
}

const ID = /^[a-z][a-z0-9-]{0,62}$/
const MAX_AGE = 31_536_000

/**
 * Reads those of `policies/profiles/*.yaml` that a pack offers; the others may name frameworks that are not there. Without
 * `offered` all of them. Throws `PolicyRejected` with every fault, also where one of them is not there.
 */
export function readProfiles(
  sources: readonly SourceFile[],
  offered: readonly Named[] | undefined,
  named: NamedAxes,
): ReadonlyMap<string, Profile> {
  const report = new Report()
  const reader = new ProfileReader(named, report, offered && new Set(offered.map(({ id }) => id)))
  for (const source of sources) reader.read(source)
  for (const { id, place } of offered ?? []) {
    if (reader.ids.has(id)) continue
    report.add(place, unknownProfile(id, reader.ids))
  }
  report.throwIfFailed()
  return reader.found
}

class ProfileReader {
  readonly ids = new Set<string>()
  readonly found = new Map<string, Profile>()
  readonly #named: NamedAxes
  readonly #report: Report
  readonly #offered: ReadonlySet<string> | undefined

  constructor(named: NamedAxes, report: Report, offered: ReadonlySet<string> | undefined) {
    this.#named = named
    this.#report = report
    this.#offered = offered
  }

  read(source: SourceFile): void {
    const fields = openDocument(source, this.#report)
    if (fields === undefined) return
    fields.required('profiles')
    for (const item of fields.list('profiles')) {
      const profile = asMap(item, PART.profile, this.#report)
      if (profile !== undefined) this.#profile(profile)
    }
    fields.finish()
  }

  #profile(map: MapValue): void {
    const fields = new Fields(map, this.#report)
    fields.required('id')
    const id = fields.scalar('id')
    if (id === undefined) return
    if (!ID.test(id.text)) this.#report.add(id.place, oddProfileId(id.text))
    if (this.ids.has(id.text)) this.#report.add(id.place, profileTwice(id.text))
    this.ids.add(id.text)
    if (this.#offered?.has(id.text) === false) return
    const title = asText(fields.required('title')?.value, this.#report)
    const { axes, flags } = readMinimum(fields, this.#named, this.#report)
    const maxAgeSeconds = this.#maxAge(fields)
    const asked = [...fields.list('axes'), ...fields.list('flags')]
    if (asked.length === 0 && fields.entry('max_age_seconds') === undefined)
      this.#report.add(map.place, profileAsksNothing(id.text))
    fields.finish()
    const minimum = { axes, flags, ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) }
    this.found.set(id.text, { id: id.text, title, minimum })
  }

  #maxAge(fields: Fields): number | undefined {
    const value = fields.scalar('max_age_seconds')
    if (value === undefined) return undefined
    const seconds = value.value
    if (typeof seconds === 'number' && Number.isInteger(seconds)) {
      if (seconds >= 1 && seconds <= MAX_AGE) return seconds
    }
    this.#report.add(value.place, oddAge(MAX_AGE))
    return undefined
  }
}
