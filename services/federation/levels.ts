import type { Assessment, AxisLevel, Shortfall } from '../policy/ports.ts'
import type { LiveSession } from '../authenticator/ports.ts'
import { floorToHour } from '../kernel/calendar.ts'
import type { CeremonyFacts } from '../policy/ports.ts'
import type { LevelRecord, ShortfallRecord, ToldAssurance } from './interaction.ts'

export function levelRecord({ framework, axis, level, validUntil }: AxisLevel): LevelRecord {
  return {
    framework,
    axis,
    level,
    validUntil: validUntil === undefined ? null : floorToHour(validUntil).toISOString(),
  }
}

export function toldAssurance({ levels, vector }: Assessment): ToldAssurance {
  return { levels: levels.map(levelRecord), ...(vector !== undefined && { vector }) }
}

export function shortfallRecord(shortfall: Shortfall): ShortfallRecord {
  const { framework, axis, have, need, missing, remedy } = shortfall
  return { framework, axis, have, need, missing, remedy }
}

/** The ceremony of a session, as the policy is asked about it. */
export function ceremonyOf(session: LiveSession): CeremonyFacts {
  const { auth, authenticatedAt, lastActiveAt, boundByProofingId } = session
  return {
    auth,
    authenticatedAt,
    lastActiveAt,
    ...(boundByProofingId !== undefined && { boundByProofingId }),
  }
}
