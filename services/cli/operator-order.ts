import { ServiceError, Unavailable } from '../kernel/errors.ts'

const TIMEOUT = 30_000

export interface OrderError {
  readonly code: string
  readonly message: string
}

/** What the running product answers to an order: its reply, or the error that it gives. */
export interface OrderAnswer<T> {
  readonly ok: boolean
  readonly answer: Partial<T> & { readonly error?: OrderError }
}

/** The product has not carried out an order, and says why. */
export class OrderRefused extends ServiceError {
  readonly code: string

  constructor(
    { code, message }: OrderError = { code: 'INTERNAL', message: 'no reason was given' },
  ) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/**
 * Gives an order to the product that runs on this machine.
 * @param timeout milliseconds
 * @throws Unavailable when nothing answers
 */
export async function giveOrder<T>(
  port: number,
  path: string,
  body: object,
  timeout = TIMEOUT,
): Promise<OrderAnswer<T>> {
  try {
    const response = await send(port, path, body, timeout)
    return { ok: response.ok, answer: (await response.json()) as OrderAnswer<T>['answer'] } // our own product
  } catch (cause) {
    throw unanswered(port, cause)
  }
}

/**
 * Lines that the product answers an order with, read as they come.
 * @throws OrderRefused; Unavailable when nothing answers, or when it breaks off in the middle
 */
export async function* orderLines(
  port: number,
  path: string,
  body: object,
  timeout: number,
): AsyncGenerator<string> {
  const response = await send(port, path, body, timeout).catch((cause: unknown) => {
    throw unanswered(port, cause)
  })
  if (!response.ok || response.body === null) {
    const { error } = (await response.json()) as OrderAnswer<object>['answer'] // our own product
    throw new OrderRefused(error)
  }
  let rest = ''
  try {
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (cause) {
    throw new Unavailable('the answer broke off: what was written is not all of it', { cause })
  }
}

function send(port: number, path: string, body: object, timeout: number): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
    redirect: 'error',
  })
}

function unanswered(port: number, cause: unknown): Unavailable {
  return new Unavailable(`nothing answers at \`OPERATOR_PORT\` ${port}: is the product running?`, {
    cause,
  })
}
