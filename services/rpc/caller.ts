import type { Metadata } from '@grpc/grpc-js'
import { AccessDenied } from '../kernel/errors.ts'

/** Who calls, and until when and whether it still waits. Made by the interceptors, never read from what was sent. */
export interface Caller {
  readonly rpId: string
  /** Aborted when the client cancels, its time is over, or the server closes. */
  readonly signal: AbortSignal
}

// INVARIANT: keyed by the very object that the interceptors handed on, so no header can stand for an identity.
const callers = new WeakMap<Metadata, Caller>()

export function rememberCaller(metadata: Metadata, caller: Caller): void {
  callers.set(metadata, caller)
}

/** @throws AccessDenied when the call did not pass the interceptors */
export function callerOf(call: { readonly metadata: Metadata }): Caller {
  const caller = callers.get(call.metadata)
  if (caller === undefined) throw new AccessDenied('UNAUTHENTICATED', 'expected a known caller')
  return caller
}
