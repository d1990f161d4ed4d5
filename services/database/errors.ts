import { Unavailable } from '../kernel/errors.ts'

const UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'])
/** serialization_failure, deadlock_detected, lock_not_available: the same work may succeed when it is run again. */
const TRANSIENT = new Set(['40001', '40P01', '55P03'])
/** Class 08, *_shutdown, cannot_connect_now, and what the socket says. */
const UNREACHABLE =
  /^(?:08...|57P0[123]|E(?:CONNREFUSED|CONNRESET|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$/
/** What pg says without a code: the connection broke, or had broken before. */
const BROKEN =
  /^(?:Connection terminated|Client (?:has encountered a connection error|was closed) )/

/** True for a violated primary key or unique index, on both databases. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE.has(databaseCode(error))
}

/** True when another transaction stood in the way and the work was rolled back whole. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(databaseCode(error))
}

/** True when the database could not be reached or is shutting down: the work may be tried again later. */
export function isUnreachable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && UNREACHABLE.test(code)) return true
    if (BROKEN.test(at.message)) return true
  }
  return false
}

/** What a face answers with: `Unavailable` when the database could not be reached, else the error itself. */
export function faultOf(error: unknown): unknown {
  return isUnreachable(error)
    ? new Unavailable('the database does not answer; try again later', { cause: error })
    : error
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
