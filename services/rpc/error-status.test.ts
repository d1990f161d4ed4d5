import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { Status } from '../../proto/gen/google/rpc/status.ts'
import {
  AccessDenied,
  Conflict,
  InvalidInput,
  NotFound,
  ServiceError,
  TooManyRequests,
  Unavailable,
} from '../kernel/errors.ts'
import { DeadlineExceeded, SlowConsumer, toGrpcStatus } from './error-status.ts'

class Refused extends ServiceError {
  readonly code = 'CEREMONY_REFUSED'
}

test.each([
  [new InvalidInput('a.b', 'a level'), status.INVALID_ARGUMENT, ['ErrorInfo', 'BadRequest']],
  [new NotFound('gone'), status.NOT_FOUND, ['ErrorInfo']],
  [new Conflict('used'), status.FAILED_PRECONDITION, ['ErrorInfo']],
  [new AccessDenied('UNAUTHENTICATED', 'who'), status.UNAUTHENTICATED, ['ErrorInfo']],
  [new AccessDenied('PERMISSION_DENIED', 'no'), status.PERMISSION_DENIED, ['ErrorInfo']],
  [new Unavailable('later'), status.UNAVAILABLE, ['ErrorInfo', 'RetryInfo']],
  [new TooManyRequests('slow', 3), status.RESOURCE_EXHAUSTED, ['ErrorInfo', 'RetryInfo']],
  [new SlowConsumer('slow'), status.RESOURCE_EXHAUSTED, ['ErrorInfo']],
  [new DeadlineExceeded('late'), status.DEADLINE_EXCEEDED, ['ErrorInfo']],
  [new Refused('no'), status.FAILED_PRECONDITION, ['ErrorInfo']],
])('%o has its status and its details', (error, code, names) => {
  const mapped = toGrpcStatus(error)
  expect(mapped).toMatchObject({ code, details: error.message })
  const [bytes] = mapped.metadata.get('grpc-status-details-bin')
  if (!Buffer.isBuffer(bytes)) throw new Error('expected details')
  const rich = Status.decode(bytes)
  expect(rich.code).toBe(code)
  expect(
    rich.details.map(({ typeUrl }) => typeUrl.replace('type.googleapis.com/google.rpc.', '')),
  ).toEqual(names)
})
test('a database that is away is a reason to try again, and nothing is told of it', () => {
  const cause = Object.assign(new Error('canary-9a2b'), { code: 'ECONNREFUSED' })
  const mapped = toGrpcStatus(new Error('canary-9a2b', { cause }))
  expect(mapped.code).toBe(status.UNAVAILABLE)
  const [details] = mapped.metadata.get('grpc-status-details-bin')
  expect(`${mapped.details} ${details?.toString()}`).not.toContain('canary')
})
test('what is not ours tells nothing', () => {
  const mapped = toGrpcStatus(new Error('canary-9a2b', { cause: 'canary-9a2b' }))
  expect(mapped).toMatchObject({ code: status.INTERNAL, details: 'internal error' })
  expect(mapped.metadata.getMap()).toEqual({})
})
