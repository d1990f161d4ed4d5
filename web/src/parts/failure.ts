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
