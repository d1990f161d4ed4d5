import * as authenticator from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import * as identity from '../../proto/gen/watashi/identity/v1/identity.ts'
import * as policy from '../../proto/gen/watashi/policy/v1/policy.ts'
import * as registry from '../../proto/gen/watashi/registry/v1/registry.ts'
import * as wallet from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { LoggedEvent } from './left-behind.ts'

const PACKAGES: Readonly<Record<string, object>> = {
  authenticator,
  identity,
  policy,
  registry,
  wallet,
}

interface Codec {
  decode(bytes: Uint8Array): unknown
  toJSON(message: unknown): unknown
}

/** An event as plain JSON, the facts inside of it as they were written. */
export function readEvent({ topic, key, headers, value }: LoggedEvent): object {
  const fields = JSON.parse(headers) as Record<string, string>
  const [, area = '', , name = ''] = (fields['ce_type'] ?? '').split('.')
  const codec = (PACKAGES[area] as Record<string, Codec | undefined>)[name]
  if (codec === undefined) throw new Error(`no reader for ${area} ${name}`)
  const message = value === null ? null : codec.toJSON(codec.decode(value))
  return { topic, key, fields, message: factsInClear(message) }
}

function factsInClear(message: unknown): unknown {
  const facts: unknown = message === null ? undefined : Reflect.get(Object(message), 'factsJson')
  if (typeof facts !== 'string') return message
  const text = Buffer.from(facts, 'base64').toString('utf8')
  return { ...(message as object), factsJson: JSON.parse(text) as unknown }
}
