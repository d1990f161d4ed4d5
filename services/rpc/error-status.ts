import { Metadata, status, type StatusObject } from '@grpc/grpc-js'
import type { Any } from '../../proto/gen/google/protobuf/any.ts'
import { BadRequest, ErrorInfo, RetryInfo } from '../../proto/gen/google/rpc/error_details.ts'
import { Status } from '../../proto/gen/google/rpc/status.ts'
import { faultOf } from '../database/errors.ts'
import { InvalidInput, ServiceError, TooManyRequests, Unavailable } from '../kernel/errors.ts'

/** The call took longer than its caller, or we, allow. */
export class DeadlineExceeded extends ServiceError {
  readonly code = 'DEADLINE_EXCEEDED'
}

/** A stream whose reader is too slow to be waited for. */
export class SlowConsumer extends ServiceError {
  readonly code = 'SLOW_CONSUMER'
}

const DOMAIN = 'watashi'

// A code that is not listed is a refusal of the business: the state of things does not allow the call.
const CODES: Readonly<Record<string, status>> = {
  INVALID_INPUT: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  NOT_FOUND: status.NOT_FOUND,
  CONFLICT: status.FAILED_PRECONDITION,
  POSITION_TOO_OLD: status.OUT_OF_RANGE,
  TOO_MANY_REQUESTS: status.RESOURCE_EXHAUSTED,
  SLOW_CONSUMER: status.RESOURCE_EXHAUSTED,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
}

/**
 * gRPC status of anything thrown: ours with its code, its message and `google.rpc` details in `grpc-status-details-bin`;
 * a database that is away as UNAVAILABLE; whatever is not ours as INTERNAL without a word about the cause.
 */
export function toGrpcStatus(thrown: unknown): StatusObject {
  const error = faultOf(thrown)
  if (!(error instanceof ServiceError)) {
    return { code: status.INTERNAL, details: 'internal error', metadata: new Metadata() }
  }
  const code = CODES[error.code] ?? status.FAILED_PRECONDITION
  const metadata = new Metadata()
  const details = [pack('google.rpc.ErrorInfo', ErrorInfo.encode(errorInfo(error)).finish())]
  if (error instanceof InvalidInput) {
    const violation = { field: error.path, description: error.message }
    details.push(
      pack('google.rpc.BadRequest', BadRequest.encode({ fieldViolations: [violation] }).finish()),
    )
  }
  const seconds = retryAfter(error)
  if (seconds !== undefined) {
    const retryDelay = { seconds: BigInt(seconds), nanos: 0 }
    details.push(pack('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay }).finish()))
  }
  const rich = Status.encode({ code, message: error.message, details }).finish()
  metadata.set('grpc-status-details-bin', Buffer.from(rich))
  return { code, details: error.message, metadata }
}

function errorInfo(error: ServiceError): ErrorInfo {
  const reason =
    'reason' in error && typeof error.reason === 'string' ? { reason: error.reason } : {}
  return { reason: error.code, domain: DOMAIN, metadata: reason }
}

function retryAfter(error: ServiceError): number | undefined {
  if (error instanceof TooManyRequests) return error.retryAfterSeconds
  return error instanceof Unavailable ? 1 : undefined
}

function pack(name: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/${name}`, value: Buffer.from(value) }
}
