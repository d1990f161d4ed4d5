import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, Places } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { ServiceError } from '../kernel/errors.ts'
import { keyFileNames } from './keys.ts'
import { accessProblems } from './source-access.ts'
import { CERTIFICATE_KINDS, loadAnchors, stateOf } from './trust-anchors.ts'

/** What a start with real cards needs that has not been put there, one message each. */
export function missingForStart(
  places: Places & Partial<Pick<Config, 'relyingPartyDir' | 'identity'>>,
): readonly string[] {
  if (places.trustEnvironment === 'simulator') return []
  const { relyingPartyDir, identity } = places
  const noFolder = relyingPartyDir !== undefined && !existsSync(relyingPartyDir)
  return [
    ...missingAnchors(places),
    ...missingKeys(places),
    ...(identity === undefined ? [] : accessProblems(identity)),
    ...(noFolder ? ['`RP_DIR`: expected a folder that is there'] : []),
  ]
}

function missingAnchors(places: Places): readonly string[] {
  const { trustEnvironment: environment } = places
  try {
    const now = systemClock.now()
    const current = loadAnchors(places).filter((anchor) => stateOf(anchor, now) === 'current')
    const missing = CERTIFICATE_KINDS.filter((kind) => current.every((one) => one.kind !== kind))
    if (missing.length === 0) return []
    return [
      `there is no valid trust anchor for ${missing.join(' and ')} certificates of ${environment}: \`watashi anchors import FILE…\``,
    ]
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return [error.message]
  }
}

function missingKeys({ trustEnvironment, keysDir }: Places): readonly string[] {
  if (trustEnvironment !== 'production') return []
  const missing = keyFileNames().filter((name) => !existsSync(join(keysDir, name)))
  if (missing.length === 0) return []
  return [`\`KEYS_DIR\`: ${missing.join(', ')} missing; production makes no keys of its own`]
}
