import { ServiceError } from '../../../services/kernel/errors.ts'

/** What went wrong, as codes that choose the words. */
export interface Failure {
  readonly code: string
  readonly reason?: string
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ServiceError)) {
    console.error(error)
    return { code: 'UNKNOWN' }
  }
  const reason = Reflect.get(error, 'reason') as unknown
  return { code: error.code, ...(typeof reason === 'string' ? { reason } : {}) }
}

/** Proofing and passkeys use some codes for different things; on pages about the card they are the card's. */
const OF_THE_CARD: Readonly<Record<string, string>> = {
  SIGNATURE_INVALID: 'CARD_SIGNATURE_INVALID',
  ALGORITHM_NOT_ALLOWED: 'CERTIFICATE_UNTRUSTED',
}

export function cardFailure(code: string, reason: string | null): Failure {
  return reason === null ? { code } : { code, reason: OF_THE_CARD[reason] ?? reason }
}
