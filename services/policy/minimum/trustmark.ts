import { InvalidInput } from '../../kernel/errors.ts'
import { PolicyRejected, Report } from '../language/diagnostic.ts'
import { asMap, asText, Fields, type Entry, type SourceFile } from '../language/document.ts'
import type { Named } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import { oddVersion } from '../language/pack-faults.ts'
import { quoted } from '../language/parts.ts'
import { openDocument, type NamedAxes } from '../language/read-names.ts'
import type { Minimum, WantedVector } from '../ports.ts'
import { notOneTrustmark, oddComponentValue, valueCitesNothing } from './minimum-faults.ts'
import { readMinimum } from './read-minimum.ts'
import { isComponentValue, parseVectors, writeVector, type ComponentValue } from './vector.ts'

/** What one value of a component says: whoever meets the minimum has it, and whoever asks for it asks for the minimum. */
export interface TrustmarkValue {
  readonly value: ComponentValue
  readonly title: Text
  readonly cites: readonly string[]
  readonly minimum: Minimum
}

/** The meaning of the vectors of trust that are given and taken here (RFC 8485 §5). */
export interface Trustmark {
  readonly id: string
  readonly version: string
  readonly title: Text
  readonly values: ReadonlyMap<ComponentValue, TrustmarkValue>
}

/** Where a trustmark can be read, on our own origin: another version is another address (RFC 8485 §5). */
export function trustmarkPath({ id, version }: Pick<Trustmark, 'id' | 'version'>): string {
  return `/trustmarks/${id}/${version}`
}

/** `MAJOR.MINOR.PATCH`: it stands in the address of the trustmark. */
const VERSION = /^\d+\.\d+\.\d+$/

/**
 * Reads the trustmark that a pack names, out of `policies/trustmarks/*.yaml`; the others may name frameworks that are not
 * there. Throws `PolicyRejected` with every fault, also where there is none of that name.
 */
export function readTrustmark(
  sources: readonly SourceFile[],
  wanted: Named,
  named: NamedAxes,
): Trustmark {
  const report = new Report()
  const reader = new TrustmarkReader(named, report)
  const found = sources.flatMap((source) => reader.read(source, wanted.id) ?? [])
  const [trustmark] = found
  // A document that cannot be read at all may be the one.
  if (trustmark === undefined) report.throwIfFailed()
  if (trustmark === undefined || found.length > 1) {
    report.add(wanted.place, notOneTrustmark(wanted.id, found.length, reader.ids))
    throw new PolicyRejected(report.diagnostics)
  }
  report.throwIfFailed()
  return trustmark
}

/** The name under which a document can be read that no pack names. */
export function trustmarkOf({ path, text }: SourceFile): Named {
  return { id: idIn(text) ?? '', place: { file: path, line: 1, column: 1 } }
}

/** What a text says that it is about, before anything else in it is known. */
export function idIn(text: string): string | undefined {
  return /^trustmark: *(\S+)/m.exec(text)?.[1]
}

class TrustmarkReader {
  readonly ids: string[] = []
  readonly #named: NamedAxes
  readonly #report: Report

  constructor(named: NamedAxes, report: Report) {
    this.#named = named
    this.#report = report
  }

  read(source: SourceFile, wanted: string): Trustmark | undefined {
    const fields = openDocument(source, this.#report)
    if (fields === undefined) return undefined
    const id = fields.requiredText('trustmark') ?? ''
    this.ids.push(id)
    return id === wanted ? this.#trustmark(id, fields) : undefined
  }

  #trustmark(id: string, fields: Fields): Trustmark {
    const title = asText(fields.required('title')?.value, this.#report)
    fields.required('version')
    const version = fields.scalar('version')
    if (version !== undefined && !VERSION.test(version.text))
      this.#report.add(version.place, oddVersion(version.text))
    fields.required('values')
    const values = (fields.map('values')?.entries ?? []).flatMap(
      (entry) => this.#value(entry) ?? [],
    )
    fields.finish()
    return {
      id,
      version: version?.text ?? '',
      title,
      values: new Map(values.map((value) => [value.value, value])),
    }
  }

  #value({ key, keyPlace, value }: Entry): TrustmarkValue | undefined {
    if (!isComponentValue(key)) this.#report.add(keyPlace, oddComponentValue(key))
    const map = asMap(value, quoted(key), this.#report)
    if (map === undefined) return undefined
    const fields = new Fields(map, this.#report)
    const title = asText(fields.required('title')?.value, this.#report)
    const cites = fields.texts('cites').map(({ text }) => text)
    if (cites.length === 0) this.#report.add(keyPlace, valueCitesNothing(key))
    const minimum = readMinimum(fields, this.#named, this.#report)
    fields.finish()
    return { value: key, title, cites, minimum }
  }
}

/**
 * What the vectors of a request ask for, in their order.
 * @throws InvalidInput at `path` for a vector that is not in form or a value that the trustmark does not define
 */
export function wantedVectors(
  { id, values }: Trustmark,
  texts: readonly string[],
  path: string,
): readonly WantedVector[] {
  return parseVectors(texts, path).map((vector, i) => ({
    vector: writeVector(vector),
    minimums: vector.map((value) => {
      const defined = values.get(value)
      if (defined !== undefined) return defined.minimum
      const known = [...values.keys()].join(', ')
      throw new InvalidInput(`${path}[${i}]`, `values of the trustmark ${id}: ${known}`)
    }),
  }))
}

/** The vector of the answer: every value whose minimum is met. */
export function vectorOf({ values }: Trustmark, isMet: (minimum: Minimum) => boolean): string {
  const held = [...values.values()].filter(({ minimum }) => isMet(minimum))
  return writeVector(held.map(({ value }) => value))
}
