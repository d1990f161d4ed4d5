import { ServiceError } from '../../kernel/errors.ts'

/** An error that the product's API answered with. */
export class ApiError extends ServiceError {
  readonly code: string
  readonly status: number
  readonly reason: string | undefined

  constructor(status: number, code: string, message: string, reason: string | undefined) {
    super(reason === undefined ? message : `${message} (${reason})`)
    this.status = status
    this.code = code
    this.reason = reason
  }
}

/** What a browser is to our API: an origin and a cookie jar. */
export class Browser {
  readonly #origin: string
  readonly #address: string
  readonly #cookies = new Map<string, string>()

  /** `address`: where the origin is reached, behind whatever stands in front of it. */
  constructor(origin: string, address = origin) {
    this.#origin = origin
    this.#address = address
  }

  async get<T>(path: string): Promise<T> {
    return this.#send('GET', path)
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    return this.#send('POST', path, body)
  }

  async #send<T>(method: string, path: string, body?: object): Promise<T> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.#address + path, {
      method,
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json', origin: this.#origin }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const answer: unknown = await response.json()
    if (!response.ok) throw apiError(response.status, answer)
    return answer as T // the routes' own schemas vouch for the form
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    const ended = attributes.some(
      (attribute) => /^max-age=0$/i.test(attribute) || /^expires=thu, 01 jan 1970/i.test(attribute),
    )
    if (ended) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(at + 1))
  }
}

function apiError(status: number, answer: unknown): ApiError {
  const { error = {} } = answer as { error?: { code?: string; message?: string; reason?: string } }
  return new ApiError(
    status,
    error.code ?? 'UNKNOWN',
    error.message ?? 'the service gave no reason',
    error.reason,
  )
}
