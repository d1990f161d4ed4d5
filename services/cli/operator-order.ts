import { Unavailable } from '../kernel/errors.ts'

const TIMEOUT = 30_000

/** What the running product answers to an order: its reply, or the error that it gives. */
export interface OrderAnswer<T> {
  readonly ok: boolean
  readonly answer: Partial<T> & {
    readonly error?: { readonly code: string; readonly message: string }
  }
}

/**
 * Gives an order to the product that runs on this machine.
 * @throws Unavailable when nothing answers
 */
export async function giveOrder<T>(
  port: number,
  path: string,
  body: object,
): Promise<OrderAnswer<T>> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
      redirect: 'error',
    })
    return { ok: response.ok, answer: (await response.json()) as OrderAnswer<T>['answer'] } // our own product
  } catch (cause) {
    throw new Unavailable(`nothing answers at \`OPERATOR_PORT\` ${port}: is the product running?`, {
      cause,
    })
  }
}
