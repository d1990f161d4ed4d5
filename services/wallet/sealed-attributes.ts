import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { InvalidInput } from '../kernel/errors.ts'
import type { SealedAttributes } from './ports.ts'

const registerText = Type.Object(
  { value: Type.String({ minLength: 1, maxLength: 400 }), substituted: Type.Boolean() },
  { additionalProperties: false },
)
const romaji = Type.String({ minLength: 1, maxLength: 128 })
const schema = Type.Object(
  {
    name: Type.Optional(registerText),
    address: Type.Optional(registerText),
    birthdate: Type.Optional(Type.String({ maxLength: 10 })),
    gender: Type.Optional(Type.String({ pattern: '^[0-9]$' })),
    municipality: Type.Optional(
      Type.Object({ prefecture: romaji, city: romaji }, { additionalProperties: false }),
    ),
    asOf: Type.String({ maxLength: 10 }),
  },
  { additionalProperties: false },
)

/** Reads the plaintext of a deposit; `InvalidInput` names the member and never its value. */
export function readSealedAttributes(plaintext: Uint8Array): SealedAttributes {
  const value = parse(plaintext)
  if (!Value.Check(schema, value)) {
    const at = Value.Errors(schema, value)[0]?.instancePath ?? ''
    throw new InvalidInput(`attributes${at}`, 'attributes in the documented form')
  }
  if (value.birthdate !== undefined) checkDay(value.birthdate, 'birthdate')
  checkDay(value.asOf, 'asOf')
  return value
}

function parse(plaintext: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext))
  } catch {
    // No cause: the message of a JSON parser quotes what it read.
    throw new InvalidInput('attributes', 'UTF-8 JSON')
  }
}

function checkDay(text: string, member: string): void {
  const day = new Date(`${text}T00:00:00Z`)
  const exact = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime())
  if (!exact || !day.toISOString().startsWith(text)) {
    throw new InvalidInput(`attributes/${member}`, 'a calendar day, YYYY-MM-DD')
  }
}
