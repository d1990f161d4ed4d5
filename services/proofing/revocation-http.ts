import { toBase64Url } from '../kernel/bytes.ts'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import { MAX_CRL } from '../jpki/crl.ts'
import { MAX_OCSP_RESPONSE } from '../jpki/ocsp-response.ts'
import type { RevocationSources } from './sources.ts'

/** Where the names in certificates are served: a mapping of the configuration, never an address from a certificate. */
export interface RevocationLocations {
  /** Address of a CRL by its directory name (DER); undefined when there is none for it. */
  readonly crl: (directoryName: Uint8Array) => string | undefined
  /** Address of the responder that certificates name by this URI. */
  readonly ocsp: (uri: string) => string | undefined
}

/** The usual mapping of a CRL server: `?dp=` with the name's DER in base64url. */
export function crlByQuery(base: string): RevocationLocations['crl'] {
  return (directoryName) => `${base}?dp=${toBase64Url(directoryName)}`
}

const TIMEOUT = 3_000

/** Fetches CRLs and OCSP responses over HTTP: no redirects, 3 seconds, capped sizes, nothing cached. */
export function revocationOverHttp(locations: RevocationLocations): RevocationSources {
  return {
    fetchCrl(directoryName) {
      return fetchBytes(locations.crl(directoryName), {}, MAX_CRL)
    },
    fetchOcsp(uri, request) {
      const headers = { 'content-type': 'application/ocsp-request' }
      const post = { method: 'POST', headers, body: new Uint8Array(request) }
      return fetchBytes(locations.ocsp(uri), post, MAX_OCSP_RESPONSE)
    },
  }
}

async function fetchBytes(
  url: string | undefined,
  init: RequestInit,
  cap: number,
): Promise<Uint8Array> {
  if (url === undefined) throw new Unavailable('no address is configured for this source')
  try {
    const signal = AbortSignal.timeout(TIMEOUT)
    const response = await fetch(url, { ...init, signal, redirect: 'error' })
    if (!response.ok || response.body === null)
      throw new Unavailable('the source refused to answer')
    return await readCapped(response.body, cap)
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new Unavailable('the source does not answer', { cause: error })
  }
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
