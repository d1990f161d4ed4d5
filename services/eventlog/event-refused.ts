import { ServiceError } from '../kernel/errors.ts'

export type RefusalCode =
  /** a header is missing or has another form */
  | 'EVENT_MALFORMED'
  /** the key that signed is not in the trust list, or not for this service or type */
  | 'EVENT_PRODUCER_UNTRUSTED'
  | 'EVENT_SIGNATURE_INVALID'
  | 'EVENT_ENVIRONMENT_MISMATCH'
  /** an earlier event of this key from this source never came */
  | 'EVENT_VERSION_GAP'
  /** an earlier event of this key is parked, and order must be kept */
  | 'EVENT_KEY_PARKED'

/** A record of the log that must not take effect; its key is parked. */
export class EventRefused extends ServiceError {
  readonly code: RefusalCode

  constructor(code: RefusalCode, what: string, options?: ErrorOptions) {
    super(`event refused: ${what}`, options)
    this.code = code
  }
}
