import * as http from 'node:http'
import * as https from 'node:https'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import type { Secret } from '../kernel/secret.ts'

/** What an operator's service wants of whoever asks it. */
export interface SourceAccess {
  /** PEM texts; a certificate comes with its key. */
  readonly clientCertificate?: string
  readonly clientKey?: Secret<string>
  /** Roots that the service's own certificate must lead to, in place of those that Node comes with. */
  readonly authorities?: string
  /** The whole value of `authorization` (RFC 6750 §2.1, RFC 7617 §2). */
  readonly authorization?: Secret<string>
}

export interface SourceQuestion {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Milliseconds until the whole answer must be there. */
  readonly timeout: number
  /** Octets that an answer may have. */
  readonly cap: number
}

export interface SourceAnswer {
  readonly status: number
  readonly etag: string | undefined
  readonly body: Uint8Array
}

/** Asks a service over HTTP; `Unavailable`, with the cause kept apart, when there is no answer of it in time. */
export type AskSource = (question: SourceQuestion) => Promise<SourceAnswer>

/** A service with what it wants to be shown. A redirect is no answer: what is secret goes to the address configured and no other. */
export function sourceOverHttp(access: SourceAccess = {}): AskSource {
  const { clientCertificate, clientKey, authorities, authorization } = access
  const secure = new https.Agent({
    keepAlive: true,
    ...(clientCertificate !== undefined && { cert: clientCertificate }),
    ...(clientKey !== undefined && { key: clientKey.reveal() }),
    ...(authorities !== undefined && { ca: authorities }),
  })
  const plain = new http.Agent({ keepAlive: true })
  return async (question) => {
    const url = new URL(question.url)
    const options = {
      method: question.method,
      headers: {
        ...question.headers,
        ...(authorization !== undefined && { authorization: authorization.reveal() }),
      },
      signal: AbortSignal.timeout(question.timeout),
    }
    const begin =
      url.protocol === 'https:'
        ? () => https.request(url, { ...options, agent: secure })
        : () => http.request(url, { ...options, agent: plain })
    try {
      return await answerOf(await responseTo(begin, question.body), question.cap)
    } catch (error) {
      if (error instanceof ServiceError) throw error
      throw new Unavailable('the source does not answer', { cause: error })
    }
  }
}

/** A question put twice is answered as once, so one that met a connection just closed by the service is put again, on a new one. */
async function responseTo(
  begin: () => http.ClientRequest,
  body: Uint8Array | undefined,
): Promise<http.IncomingMessage> {
  const request = begin()
  try {
    return await sent(request, body)
  } catch (error) {
    const wasIdle = request.reusedSocket && Reflect.get(Object(error), 'code') === 'ECONNRESET'
    if (!wasIdle) throw error
    return sent(begin(), body)
  }
}

function sent(
  request: http.ClientRequest,
  body: Uint8Array | undefined,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays for good: after the response a fault comes here as well as to who reads it.
    request.on('error', reject)
    request.end(body)
  })
}

async function answerOf(response: http.IncomingMessage, cap: number): Promise<SourceAnswer> {
  const { statusCode: status = 0, headers } = response
  if (status >= 300 && status < 400 && status !== 304) {
    response.destroy()
    throw new Unavailable('the source sends elsewhere')
  }
  return { status, etag: headers.etag, body: await readCapped(response, cap) }
}

async function readCapped(response: http.IncomingMessage, cap: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response) {
    const octets = part as Buffer // a response without an encoding gives buffers
    length += octets.length
    if (length > cap) throw new Unavailable('the answer of the source is too long')
    parts.push(octets)
  }
  return new Uint8Array(Buffer.concat(parts))
}
