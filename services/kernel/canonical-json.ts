import { InvalidInput } from './errors.ts'

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * RFC 8785 (JCS): one text for one value, so that it can be hashed and signed. Members with the value
 * `undefined` are left out, as JSON does; numbers must be finite, strings well-formed Unicode.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '')
}

function write(value: unknown, path: string): string {
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'number':
      if (!Number.isFinite(value)) throw new InvalidInput(path, 'a finite number')
      return JSON.stringify(value) // RFC 8785 §3.2.2.3: ECMAScript's own form
    case 'string':
      if (!value.isWellFormed()) throw new InvalidInput(path, 'well-formed Unicode')
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) {
        return `[${value.map((item, i) => write(item, `${path}/${i}`)).join(',')}]`
      }
      return `{${Object.entries(value)
        .filter(([, member]) => member !== undefined)
        // RFC 8785 §3.2.3: by UTF-16 code units, which is what `<` on strings compares
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, member]) => `${write(key, path)}:${write(member, `${path}/${key}`)}`)
        .join(',')}}`
    default:
      throw new InvalidInput(path, 'a JSON value')
  }
}
