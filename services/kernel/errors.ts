/**
 * Base of every fault we throw. `code` is stable and safe to show; `message` names what was expected
 * and never holds an attribute value, PIN, serial or token; the private detail goes into `cause`.
 */
export abstract class ServiceError extends Error {
  abstract readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Input from outside that does not have the form it must have. `path` says where. */
export class InvalidInput extends ServiceError {
  readonly code = 'INVALID_INPUT'
  readonly path: string

  constructor(path: string, expected: string, options?: ErrorOptions) {
    super(path === '' ? `expected ${expected}` : `${path}: expected ${expected}`, options)
    this.path = path
  }
}

/** A thing that the caller named does not exist, or is not the caller's to see. */
export class NotFound extends ServiceError {
  readonly code = 'NOT_FOUND'
}

/** The state of a thing does not allow the step, or another caller was faster. */
export class Conflict extends ServiceError {
  readonly code = 'CONFLICT'
}

/** The caller is not logged in, or not allowed. `code` tells which. */
export class AccessDenied extends ServiceError {
  readonly code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED'

  constructor(code: AccessDenied['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Something we depend on did not answer, or is too far behind to be believed. */
export class Unavailable extends ServiceError {
  readonly code = 'UNAVAILABLE'
}

/** The caller asks more often than it may; `retryAfterSeconds` says when to come back. */
export class TooManyRequests extends ServiceError {
  readonly code = 'TOO_MANY_REQUESTS'
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds: number) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Configuration that must stop the start; the message names the variable. */
export class ConfigError extends ServiceError {
  readonly code = 'CONFIG_INVALID'
}

/** The `code` of any thrown thing; `INTERNAL` for what is not ours. */
export function errorCode(error: unknown): string {
  return error instanceof ServiceError ? error.code : 'INTERNAL'
}
