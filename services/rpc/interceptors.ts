import {
  ServerInterceptingCall,
  ServerListenerBuilder,
  type Metadata,
  type ServerInterceptor,
} from '@grpc/grpc-js'
import { AccessDenied, InvalidInput } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { rememberCaller } from './caller.ts'
import { DeadlineExceeded, toGrpcStatus } from './error-status.ts'
import type { RateLimiter } from './rate-limit.ts'

type InterceptedCall = Parameters<ServerInterceptor>[1]

/** Finds out which relying party calls, from the connection or from a signed assertion. */
export type Authenticate = (call: InterceptedCall, metadata: Metadata) => Promise<string>

export interface InterceptorOptions {
  readonly authenticate: Authenticate
  readonly limiter: RateLimiter
  readonly log: Log
  /** Exact method paths that anybody may call: health and reflection. */
  readonly openMethods: ReadonlySet<string>
  /** Longest time a unary call may take, in milliseconds. */
  readonly unaryLimit: number
  /** Aborted when the server closes. */
  readonly closing: AbortSignal
}

/**
 * Authentication, then rate limit, then deadline, before the handler sees a message. A unary call without a deadline is
 * refused; a longer one than the limit is cut to it, and the caller's time goes on as an AbortSignal.
 */
export function admit(options: InterceptorOptions): ServerInterceptor {
  return (method, call) => {
    if (options.openMethods.has(method.path)) return new ServerInterceptingCall(call)
    const ended = new AbortController()
    let timer: NodeJS.Timeout | undefined
    let over = false
    const end = (reason?: unknown): void => {
      over = true
      clearTimeout(timer)
      ended.abort(reason)
    }
    const refuse = (error: unknown): void => {
      if (over) return
      const code = error instanceof AccessDenied ? error.code : undefined
      options.log.info('REQUEST_REFUSED', { method: method.path, ...(code && { code }) })
      end(error)
      call.sendStatus(toGrpcStatus(error))
    }
    const enter = async (metadata: Metadata): Promise<void> => {
      const rpId = await options.authenticate(call, metadata)
      options.limiter.take(rpId)
      if (!method.responseStream) {
        const left = timeLeft(call.getDeadline())
        const late = new DeadlineExceeded('deadline exceeded')
        timer = setTimeout(() => refuse(late), Math.min(left, options.unaryLimit))
      }
      rememberCaller(metadata, {
        rpId,
        signal: AbortSignal.any([ended.signal, options.closing]),
      })
    }
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        enter(metadata).then(() => {
          if (!over) next(metadata)
        }, refuse)
      })
      .withOnCancel(() => end())
      .build()
    return new ServerInterceptingCall(call, {
      start: (next) => next(listener),
      sendStatus: (outcome, next) => {
        if (over) return
        next(outcome)
        end()
      },
    })
  }
}

function timeLeft(deadline: Date | number): number {
  if (deadline === Infinity) throw new InvalidInput('grpc-timeout', 'a deadline on a unary call')
  return Math.max(0, Number(deadline) - Date.now())
}
