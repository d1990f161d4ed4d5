import {
  status,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { faultOf } from '../database/errors.ts'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { callerOf, type Caller } from './caller.ts'
import { DeadlineExceeded, SlowConsumer, toGrpcStatus } from './error-status.ts'

/** Writes one message of a stream and waits while the reader is slow. */
export interface StreamWriter<Response> {
  /**
   * Resolves when more can be written. While the reader is behind, `backlog` is asked four times a second how many further
   * messages wait; over 500 of them the stream is given up.
   * @throws SlowConsumer
   */
  write(message: Response, backlog?: () => Promise<number>): Promise<void>
}

const MAX_BACKLOG = 500

/** A unary method as an async function; what it throws becomes the status. */
export function unary<Request, Response>(
  log: Log,
  method: (request: Request, caller: Caller) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answer = async (): Promise<Response> => method(call.request, callerOf(call))
    answer().then(
      (response) => callback(null, response),
      (error: unknown) => {
        logFailure(log, call.getPath(), error)
        callback(toGrpcStatus(error))
      },
    )
  }
}

/** A server-streaming method as an async function that ends the stream when it returns. */
export function serverStream<Request, Response>(
  log: Log,
  method: (request: Request, caller: Caller, out: StreamWriter<Response>) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const answer = async (): Promise<void> => {
      const caller = callerOf(call)
      await method(call.request, caller, writerOf(call, caller.signal))
      throwReason(caller.signal)
    }
    answer().then(
      () => void call.end(),
      (error: unknown) => {
        // The reader has gone: there is nobody to tell, and its going is no failure of ours.
        if (call.cancelled) return
        logFailure(log, call.getPath(), error)
        const failure = toGrpcStatus(error)
        call.emit('error', { ...failure, message: failure.details, name: 'ServiceError' })
      },
    )
  }
}

function writerOf<Response>(
  call: ServerWritableStream<unknown, Response>,
  signal: AbortSignal,
): StreamWriter<Response> {
  return {
    async write(message, backlog) {
      throwIfOver(signal)
      if (call.write(message)) return
      let atFirst: number | undefined
      while (call.writableNeedDrain) {
        await drainOrPause(call, signal)
        throwIfOver(signal)
        if (backlog === undefined || !call.writableNeedDrain) continue
        const waiting = await backlog()
        atFirst ??= waiting
        if (waiting - atFirst > MAX_BACKLOG) {
          throw new SlowConsumer('consumer too slow: resume from the last position')
        }
      }
    },
  }
}

/** A method that ended because the server closes says so, that its caller comes back. */
function throwReason({ aborted, reason }: AbortSignal): void {
  if (aborted && reason instanceof ServiceError) throw reason
}

function throwIfOver(signal: AbortSignal): void {
  throwReason(signal)
  if (signal.aborted) throw new DeadlineExceeded('the call is over')
}

function drainOrPause(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      call.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, 250)
    call.once('drain', done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Why calls end when the server does: nobody was refused anything. */
export class ServerClosing extends Unavailable {}

function logFailure(log: Log, method: string, thrown: unknown): void {
  if (thrown instanceof ServerClosing) return
  const error = faultOf(thrown)
  if (error instanceof ServiceError) {
    log.info('REQUEST_REFUSED', { method, code: error.code })
  } else {
    log.error('REQUEST_FAILED', { method, status: status.INTERNAL }, error)
  }
}
