const UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'])
/** serialization_failure, deadlock_detected, lock_not_available: the same work may succeed when it is run again. */
const TRANSIENT = new Set(['40001', '40P01', '55P03'])

/** True for a violated primary key or unique index, on both databases. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE.has(databaseCode(error))
}

/** True when another transaction stood in the way and the work was rolled back whole. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(databaseCode(error))
}

/** The driver's own code, also when drizzle has wrapped it. */
function databaseCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && (/^[0-9A-Z]{5}$/.test(code) || code.startsWith('SQLITE_'))) {
      return code
    }
  }
  return ''
}
