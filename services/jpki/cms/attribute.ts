import { TAG, DerReader, inside, type DerElement } from '../der.ts'
import { readOid } from '../der-values.ts'

const MAX_VALUES = 16

/** An attribute of a signer: a type, and a set of values (RFC 5652 §5.3). */
export interface Attribute {
  readonly type: string
  readonly whole: DerElement
  readonly values: readonly DerElement[]
}

export function readAttribute(reader: DerReader): Attribute {
  const whole = reader.read(TAG.sequence)
  const body = inside(whole)
  const type = readOid(body)
  const values = body.enter(TAG.set).list(MAX_VALUES, (set) => set.read())
  body.finish()
  return { type, whole, values }
}

/** Reads an attribute that must have one value (RFC 5652 §11), to the end of it. */
export function readSoleValue<T>({ whole, values }: Attribute, read: (reader: DerReader) => T): T {
  const [value] = values
  if (value === undefined || values.length > 1) return inside(whole).fail('one value')
  const reader = new DerReader(value.bytes, value.start, value.end)
  const result = read(reader)
  reader.finish()
  return result
}
