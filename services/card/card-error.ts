import { ServiceError } from '../kernel/errors.ts'

export type CardErrorCode =
  /** `triesLeft` says how many are left. */
  | 'PIN_WRONG'
  | 'PIN_LOCKED'
  /** One try is left and the person has not said to use it; nothing was sent to the card. */
  | 'PIN_LAST_TRY'
  /** The PIN cannot be one of this key; nothing was sent to the card. */
  | 'PIN_MALFORMED'
  | 'CARD_REMOVED'
  /** Another program holds it. */
  | 'CARD_IN_USE'
  | 'NO_SIGNATURE_CERTIFICATE'
  | 'NOT_A_JPKI_CARD'
  | 'CARD_PROTOCOL'
  /** The machine lacks what reading cards needs. */
  | 'NO_READER_LIBRARY'
  | 'NO_READER_SERVICE'
  | 'NO_READER'

/** What can go wrong between us and a card. */
export class CardError extends ServiceError {
  readonly code: CardErrorCode
  readonly triesLeft?: number

  constructor(
    code: CardErrorCode,
    message: string,
    options: ErrorOptions & { readonly triesLeft?: number } = {},
  ) {
    super(message, options)
    this.code = code
    if (options.triesLeft !== undefined) this.triesLeft = options.triesLeft
  }
}
