import { lengthPrefixed, toBase64Url, utf8 } from '../kernel/bytes.ts'
import { hmacSha256, sha256 } from '../kernel/digest.ts'
import type { Interaction } from './interaction.ts'

/** The secret of one browser: 32 random bytes in base64url, in its cookie alone. */
export type BrowserSecret = string

export function browserHash(secret: BrowserSecret): Uint8Array {
  return sha256(secret)
}

/**
 * One-time code of an interaction, 43 characters. Made from the browser's secret, which is stored nowhere here: the code can
 * be given again to that browser when an answer was lost on the way, and to nobody else.
 */
export function codeOf(secret: BrowserSecret, interactionId: string): string {
  return toBase64Url(hmacSha256(utf8(secret), lengthPrefixed('watashi/code/v1', interactionId)))
}

/** Where the browser goes at the end: the registered URI with code, or with the one error that says nothing more. */
export function returnUrlOf(interaction: Interaction, secret: BrowserSecret): string {
  const url = new URL(interaction.returnUri)
  url.searchParams.set('request_id', interaction.id)
  if (interaction.status === 'completed') {
    url.searchParams.set('code', codeOf(secret, interaction.id))
  } else {
    url.searchParams.set('error', 'access_denied')
  }
  return url.href
}
