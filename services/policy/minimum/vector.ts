import { InvalidInput } from '../../kernel/errors.ts'

/**
 * Components in the order in which they are written: proofing (P), use and management of the credential (C, M), presentation
 * of the assertion (A). RFC 8485 §2; the IANA registry "Vectors of Trust Components" has no other.
 */
const COMPONENTS = 'PCMA'
/** RFC 8485 §2: one letter names the component, one digit or small letter its value. */
const COMPONENT_VALUE = /^[PCMA][0-9a-z]$/
const MAX_VALUES = 20
const MAX_VECTORS = 10

/** A component with its value, such as `P1`: a label, in no order with others of its component. */
export type ComponentValue = string

export function isComponentValue(text: string): boolean {
  return COMPONENT_VALUE.test(text)
}

/**
 * Values of a vector such as `P1.Cc.Ab`, all of which are wanted (RFC 8485 §3.1).
 * @throws InvalidInput at `path`: empty, too long, not in form, or a value twice
 */
export function parseVector(text: string, path: string): readonly ComponentValue[] {
  // Before it is split: a long text is not taken apart.
  if (text.length > MAX_VALUES * 3) throw new InvalidInput(path, `at most ${MAX_VALUES} values`)
  const values = text.split('.')
  if (!values.every(isComponentValue))
    throw new InvalidInput(
      path,
      'values such as `P1` of the components P, C, M and A, with a period between two',
    )
  if (new Set(values).size < values.length) throw new InvalidInput(path, 'each value once')
  if (values.length > MAX_VALUES) throw new InvalidInput(path, `at most ${MAX_VALUES} values`)
  return values
}

/**
 * Vectors of which any one is enough, best first (`vtr`, RFC 8485 §4).
 * @throws InvalidInput at `path`, with the place in the list
 */
export function parseVectors(
  texts: readonly string[],
  path: string,
): readonly (readonly ComponentValue[])[] {
  if (texts.length > MAX_VECTORS) throw new InvalidInput(path, `at most ${MAX_VECTORS} vectors`)
  return texts.map((text, i) => parseVector(text, `${path}[${i}]`))
}

/** The vector of these values, each once, in an order that does not depend on theirs. */
export function writeVector(values: Iterable<ComponentValue>): string {
  const place = (value: ComponentValue) => COMPONENTS.indexOf(value.charAt(0))
  return [...new Set(values)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1)).join('.')
}
