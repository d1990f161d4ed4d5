import { InvalidInput } from '../kernel/errors.ts'
import type { ListedKey, ReleaseKeys } from './release/release-keys.ts'

/** Where the operator's face takes the order about the keys that releases are signed with. */
export const KEYS_PATH = '/policy/keys'

/** Keys that sign or signed releases, oldest first. */
export interface KeysReply {
  readonly keys: readonly ListedKey[]
}

/**
 * Makes the next release key where `{"rotate": true}` asks for it, and lists all of them.
 * @throws InvalidInput for another form; Unavailable where the key that signs now is not here
 */
export async function orderAboutKeys(
  keys: Pick<ReleaseKeys, 'list' | 'rotate'>,
  unverifiedBody: unknown,
): Promise<KeysReply> {
  const { rotate } = Object(unverifiedBody) as Record<string, unknown>
  if (rotate !== undefined && rotate !== true) throw new InvalidInput('rotate', 'true, or nothing')
  if (rotate === true) await keys.rotate()
  return { keys: await keys.list() }
}
