import { ServiceError } from '../kernel/errors.ts'

/**
 * Bytes that are not the strict DER of the structure asked for. `offset` is where reading stopped, in bytes from the
 * start of the input; the message names what was expected and never quotes the input.
 */
export class MalformedDer extends ServiceError {
  readonly code = 'MALFORMED_DER'
  readonly offset: number

  constructor(expected: string, offset: number, options?: ErrorOptions) {
    super(`byte ${offset}: expected ${expected}`, options)
    this.offset = offset
  }
}

/** A key or signature algorithm outside the allow-list: ETSI EN 319 102-1 CRYPTO_CONSTRAINTS_FAILURE. */
export class AlgorithmNotAllowed extends ServiceError {
  readonly code = 'ALGORITHM_NOT_ALLOWED'

  constructor(expected: string, options?: ErrorOptions) {
    super(`expected ${expected}`, options)
  }
}

/** A trust anchor that must not be opened: not the pinned bytes, or not a certification authority. */
export class AnchorRefused extends ServiceError {
  readonly code = 'ANCHOR_REFUSED'

  constructor(expected: string, options?: ErrorOptions) {
    super(`expected ${expected}`, options)
  }
}
