import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import type { Json } from './canonical-json.ts'
import { InvalidInput, ServiceError } from './errors.ts'
import { InvalidFacts, type FactExpectation } from './invalid-facts.ts'

// The package's CommonJS build hands out its function as `default` of the namespace.
const addFormats = addFormatsModule.default

type Facts = { readonly [key: string]: Json }

const MAX_ITEMS = { evidence: 64, checks: 512, bindings: 64, signals: 256 } as const
const MAX_FACTORS = 16

export interface FactsValidator {
  /** Facts as they may go into `score`. Throws `InvalidFacts` with a path and what was expected there. */
  facts(value: unknown, path?: string): Facts
  /** One part of them, by its name in `$defs`, such as `auth`, `bindingRecord` or `check_status`. */
  part(definition: string, value: unknown, path?: string): Facts
}

/** Facts of ours that the common schema does not take: a fault of this service, so nothing is emitted. */
export class FactsRefused extends ServiceError {
  readonly code = 'FACTS_REFUSED'
}

/**
 * Holds facts that a service is about to emit against the schema: the whole, or one part by its name in `$defs`.
 * @throws FactsRefused naming the place
 */
export function checkOwnFacts(
  validator: FactsValidator,
  facts: Json,
  part: 'whole' | 'auth' | 'bindingRecord' | 'check_status',
): void {
  try {
    if (part === 'whole') validator.facts(facts)
    else validator.part(part, facts)
  } catch (cause) {
    if (!(cause instanceof InvalidInput)) throw cause
    throw new FactsRefused(cause.message, { cause })
  }
}

/** Compiles `facts.schema.json`, once for all who read or emit facts in a process. */
export function createFactsValidator(schema: Facts): FactsValidator {
  const ajv = new Ajv2020({ allErrors: false, strict: false })
  addFormats(ajv)
  ajv.addSchema(schema, 'facts')
  const whole = ajv.compile(schema)
  const parts = new Map<string, ValidateFunction>()
  const partValidator = (definition: string): ValidateFunction => {
    const known = parts.get(definition) ?? ajv.compile({ $ref: `facts#/$defs/${definition}` })
    parts.set(definition, known)
    return known
  }
  const types = checkTypes(schema)
  return {
    facts(value, path = 'facts') {
      if (!whole(value)) throw invalidFacts(value, path, whole.errors ?? [], types, partValidator)
      const facts = value as Facts // the schema admits JSON objects alone
      checkSizes(facts, path)
      return facts
    },
    part(definition, value, path = definition) {
      const validate = partValidator(definition)
      if (!validate(value)) throw invalid(path, validate.errors ?? [])
      return value as Facts // as above
    },
  }
}

/** Names of the check types: the schema has one definition `check_<type>` for each. */
function checkTypes(schema: Facts): readonly string[] {
  const definitions = schema['$defs']
  return Object.keys(typeof definitions === 'object' && definitions !== null ? definitions : {})
    .filter((name) => name.startsWith('check_'))
    .map((name) => name.slice('check_'.length))
}

/** A faulty check is held against the definition of its own type: that it is of no other type says nothing. */
function invalidFacts(
  value: unknown,
  path: string,
  errors: readonly ErrorObject[],
  types: readonly string[],
  partValidator: (definition: string) => ValidateFunction,
): InvalidFacts {
  const pointer = errors.find(({ instancePath }) =>
    /^\/checks\/\d+/.test(instancePath),
  )?.instancePath
  const index = /^\/checks\/(\d+)/.exec(pointer ?? '')?.[1]
  if (index === undefined) return invalid(path, errors)
  const at = `${path}.checks[${index}]`
  const check = checkAt(value, Number(index))
  const type = check?.['type']
  if (typeof type !== 'string' || !types.includes(type)) {
    return new InvalidFacts(`${at}.type`, { kind: 'one of', members: types })
  }
  const validate = partValidator(`check_${type}`)
  return validate(check) ? invalid(path, errors) : invalid(at, validate.errors ?? [])
}

function checkAt(value: unknown, index: number): Facts | undefined {
  const checks = (value as Facts)['checks'] // the schema has found a list there
  const check: Json | undefined = Array.isArray(checks)
    ? (checks as readonly Json[])[index]
    : undefined
  return typeof check === 'object' && check !== null ? (check as Facts) : undefined
}

function checkSizes(facts: Facts, path: string): void {
  for (const [name, max] of Object.entries(MAX_ITEMS)) {
    const list = facts[name]
    if (Array.isArray(list) && list.length > max)
      throw new InvalidFacts(`${path}.${name}`, { kind: 'entries', most: max })
  }
  const factors = factorsOf(facts['auth'])
  if (factors > MAX_FACTORS)
    throw new InvalidFacts(`${path}.auth.factors`, { kind: 'entries', most: MAX_FACTORS })
}

function factorsOf(auth: Json | undefined): number {
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) return 0
  const factors = (auth as Facts)['factors'] // neither text, number nor list
  return Array.isArray(factors) ? factors.length : 0
}

function invalid(path: string, errors: readonly ErrorObject[]): InvalidFacts {
  const error = deepest(errors)
  if (error === undefined) return new InvalidFacts(path, { kind: 'facts' })
  const at = path + error.instancePath.replace(/\/(\d+)/g, '[$1]').replace(/\//g, '.')
  return new InvalidFacts(at, expectation(error))
}

function deepest(errors: readonly ErrorObject[]): ErrorObject | undefined {
  return [...errors].sort((a, b) => b.instancePath.length - a.instancePath.length)[0]
}

/** What was expected, from the schema alone: never the value that was given. */
function expectation({ keyword, params, message }: ErrorObject): FactExpectation {
  const given: Readonly<Record<string, unknown>> = params
  if (keyword === 'enum' && Array.isArray(given['allowedValues']))
    return { kind: 'one of', members: given['allowedValues'].map(String) }
  if (keyword === 'additionalProperties')
    return { kind: 'no member', name: String(given['additionalProperty']) }
  if (keyword === 'required') return { kind: 'member', name: String(given['missingProperty']) }
  if (keyword === 'type') return { kind: 'type', type: String(given['type']) }
  if (keyword === 'format') return { kind: 'format', format: String(given['format']) }
  if (typeof given['comparison'] === 'string' && typeof given['limit'] === 'number')
    return { kind: 'bound', comparison: given['comparison'], limit: given['limit'] }
  return { kind: 'other', words: (message ?? 'another value').replace(/^must /, '') }
}
