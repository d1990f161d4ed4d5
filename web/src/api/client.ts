import { ServiceError } from '../../../services/kernel/errors.ts'

/** A request to our own API that did not succeed. `code` and `reason` choose the words shown; the message is never shown. */
export class ApiError extends ServiceError {
  override readonly name = 'ApiError'
  readonly code: string
  readonly reason: string | undefined
  /** HTTP status; 0 when no answer came. */
  readonly status: number

  constructor(
    failure: { code: string; reason?: string | undefined; status: number; message: string },
    options?: ErrorOptions,
  ) {
    super(failure.message, options)
    this.code = failure.code
    this.reason = failure.reason
    this.status = failure.status
  }
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Milliseconds that a request may take before the person is told that nothing came back. */
const PATIENCE = 20_000

export interface CallOptions {
  readonly send?: Fetch
  /** Aborted, it takes the request back. */
  readonly left?: AbortSignal
  /** Milliseconds, for what takes its time by its nature. */
  readonly patience?: number
}

/**
 * Sends one JSON request to our own origin. The answer's form is the server's promise (its schema checks it there), so it
 * is not checked a second time. Throws `ApiError` with `NETWORK` when no answer came and `MALFORMED_ANSWER` when it was
 * not JSON.
 */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  options: CallOptions = {},
): Promise<Answer> {
  const { left, send = (url: string, init: RequestInit) => fetch(url, init) } = options
  const patience = AbortSignal.timeout(options.patience ?? PATIENCE)
  const response = await answered(send, path, {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    signal: left === undefined ? patience : AbortSignal.any([left, patience]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await json(response)
  if (!response.ok) throw refusal(response.status, answer)
  return answer as Answer
}

async function answered(send: Fetch, path: string, init: RequestInit): Promise<Response> {
  try {
    return await send(path, init)
  } catch (cause) {
    throw new ApiError({ code: 'NETWORK', status: 0, message: 'no answer' }, { cause })
  }
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    const code = response.ok ? 'MALFORMED_ANSWER' : codeOfStatus(response.status)
    throw new ApiError({ code, status: response.status, message: 'expected JSON' }, { cause })
  }
}

function refusal(status: number, answer: unknown): ApiError {
  const error = field(answer, 'error')
  const code = field(error, 'code')
  const reason = field(error, 'reason')
  return new ApiError({
    code: typeof code === 'string' ? code : codeOfStatus(status),
    reason: typeof reason === 'string' ? reason : undefined,
    status,
    message: 'the request was refused',
  })
}

// A proxy in front of the server may answer with a page of its own.
function codeOfStatus(status: number): string {
  if (status === 429) return 'TOO_MANY_REQUESTS'
  if (status === 502 || status === 503 || status === 504) return 'UNAVAILABLE'
  return status >= 500 ? 'INTERNAL' : 'MALFORMED_ANSWER'
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** One part of a path: ids come from the address bar or from answers, and must not change which route is called. */
export function segment(id: string): string {
  return encodeURIComponent(id)
}
