import type { Json } from '../../kernel/canonical-json.ts'

type JsonObject = { readonly [key: string]: Json }

/** What facts.schema.json says about one value. */
export interface FieldShape {
  /** May be left out or null. */
  readonly optional: boolean
  /** The only values, where they are listed. */
  readonly members: readonly Json[] | undefined
  readonly minimum: number | undefined
  readonly maximum: number | undefined
}

/** Reads facts.schema.json as far as an example person must obey it. */
export class FactsShape {
  readonly #schema: JsonObject

  constructor(schema: JsonObject) {
    this.#schema = schema
  }

  /** The object that `path` leads to from the whole; lists are entered. */
  objectAt(path: readonly string[]): JsonObject {
    const [first, second] = path
    if (first === 'checks' && second !== undefined)
      return this.#resolve(this.#definition(`check_${second}`))
    let object = this.#resolve(this.#schema)
    for (const name of path) {
      const property = this.#resolve(record(record(object['properties'])[name]))
      object = property['items'] === undefined ? property : this.#resolve(record(property['items']))
    }
    return object
  }

  required(object: JsonObject): readonly string[] {
    const required = object['required']
    return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []
  }

  has(object: JsonObject, field: string): boolean {
    return (
      record(object['properties'])[field] !== undefined || object['additionalProperties'] !== false
    )
  }

  field(object: JsonObject, name: string): FieldShape {
    const raw = record(record(object['properties'])[name] ?? record(object['additionalProperties']))
    const variants = this.#variants(raw)
    const listed = variants.flatMap((variant) => {
      const members = variant['enum']
      return Array.isArray(members)
        ? [members]
        : variant['const'] === undefined
          ? []
          : [[variant['const']]]
    })
    const number = (key: string) =>
      variants.map((variant) => variant[key]).find((value) => typeof value === 'number')
    return {
      optional: this.#nullable(variants) || !this.required(object).includes(name),
      members: listed.length === 0 ? undefined : listed.flat().filter((member) => member !== null),
      minimum: number('minimum'),
      maximum: number('maximum'),
    }
  }
  /** Some value that a required field may have where no rule asks for it. */
  filler(object: JsonObject, name: string): Json {
    const raw = this.#resolve(record(record(object['properties'])[name]))
    if (this.#nullable(this.#variants(raw))) return null
    const { members } = this.field(object, name)
    if (members?.[0] !== undefined) return members[0]
    const { type } = raw
    switch (type) {
      case 'array':
        return []
      case 'boolean':
        return false
      case 'integer':
      case 'number':
        return typeof raw['minimum'] === 'number' ? raw['minimum'] : 0
      case 'object':
        return this.fill(raw, {})
      default:
        return raw['format'] === 'date-time' || raw['anyOf'] !== undefined
          ? '2020-01-01T00:00:00Z'
          : 'x'
    }
  }

  /** An object with what is required and not yet said. */
  fill(object: JsonObject, given: JsonObject): JsonObject {
    const filled: Record<string, Json> = { ...given }
    for (const name of this.required(object)) filled[name] ??= this.filler(object, name)
    return filled
  }

  /** What must be said of a person of whom `part` is said. */
  dependents(part: string): readonly string[] {
    const found = new Set([part])
    for (const name of found) {
      const names = record(this.#schema['dependentRequired'])[name]
      if (Array.isArray(names)) for (const next of names) found.add(String(next))
    }
    found.delete(part)
    return [...found]
  }

  /** Is a part of the person a list? */
  isList(part: string): boolean {
    return record(record(this.#schema['properties'])[part])['type'] === 'array'
  }

  #variants(raw: JsonObject): readonly JsonObject[] {
    return [raw, ...list(raw['anyOf'])].map((variant) => this.#resolve(variant))
  }

  #nullable(variants: readonly JsonObject[]): boolean {
    return variants.some(({ type, enum: members }) =>
      [type, members].some(
        (one) =>
          one === 'null' || (Array.isArray(one) && (one.includes('null') || one.includes(null))),
      ),
    )
  }

  #definition(name: string): JsonObject {
    return record(record(this.#schema['$defs'])[name])
  }

  #resolve(value: JsonObject): JsonObject {
    const reference = value['$ref']
    if (typeof reference !== 'string') return value
    return this.#resolve(this.#definition(reference.replace('#/$defs/', '')))
  }
}

function record(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function list(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(record) : []
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
