import { toBase64Url } from '../kernel/bytes.ts'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import { MAX_CRL } from '../jpki/crl.ts'
import { MAX_OCSP_RESPONSE } from '../jpki/ocsp-response.ts'
import type { CrlSource, OcspSource } from './sources.ts'

const OCSP_TIMEOUT = 3_000
/** Who taps a card is told within ten seconds, and lists can be long. */
const CRL_TIMEOUT = 8_000
const MAX_VERSION = 200

/** CRLs over HTTP: `GET <base>?dp=` with the directory name's DER in base64url; an ETag is used where there is one. */
export function crlOverHttp(base: string): CrlSource {
  return {
    outlivesOutage: false,
    async fetchCrl({ directoryName }, version) {
      const url = new URL(base)
      url.searchParams.set('dp', toBase64Url(directoryName))
      const headers = version === null ? {} : { 'if-none-match': version }
      return exchange(url.href, { headers }, CRL_TIMEOUT, async (response) => {
        if (response.status === 304) return 'unchanged'
        const tag = response.headers.get('etag')
        const der = await bodyOf(response, MAX_CRL)
        return { der, version: tag !== null && tag.length <= MAX_VERSION ? tag : null }
      })
    },
  }
}

/** OCSP over HTTP (RFC 6960 appendix A). Addresses come from the configuration, never from a certificate. */
export function ocspOverHttp(locate: (uri: string) => string | undefined): OcspSource {
  return {
    async fetchOcsp(uri, request) {
      const url = locate(uri)
      if (url === undefined) throw new Unavailable('no address is configured for this responder')
      const headers = { 'content-type': 'application/ocsp-request' }
      const post = { method: 'POST', headers, body: new Uint8Array(request) }
      return exchange(url, post, OCSP_TIMEOUT, (response) => bodyOf(response, MAX_OCSP_RESPONSE))
    },
  }
}

/** No redirects, no answer after the time-out: `Unavailable`, with the cause kept apart. */
async function exchange<T>(
  url: string,
  init: RequestInit,
  timeout: number,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  try {
    const signal = AbortSignal.timeout(timeout)
    return await read(await fetch(url, { ...init, signal, redirect: 'error' }))
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new Unavailable('the source does not answer', { cause: error })
  }
}

async function bodyOf({ ok, body }: Response, cap: number): Promise<Uint8Array> {
  if (!ok || body === null) throw new Unavailable('the source refused to answer')
  return readCapped(body, cap)
}

async function readCapped(body: ReadableStream<Uint8Array>, cap: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    length += part.length
    if (length > cap) throw new Unavailable('the answer of the source is too long')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
