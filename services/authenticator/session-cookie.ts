import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'

export const SESSION_COOKIE = 'watashi_session'
export const CEREMONY_COOKIE = 'watashi_ceremony'

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/**
 * A cookie of ours out of a `cookie` header: 256 bit in base64url. Undefined when it is not there, has another form, or
 * is there twice, since then somebody else may have set one of the two.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [value] = values
  return values.length === 1 && value !== undefined && TOKEN.test(value) ? value : undefined
}

/** What is stored of a token: who reads the database cannot use what is in it. */
export function tokenDigest(token: string): string {
  return toHex(sha256(token))
}
