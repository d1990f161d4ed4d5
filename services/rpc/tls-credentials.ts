import { ServerCredentials } from '@grpc/grpc-js'
import type { SecureServerOptions } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import type { TlsMaterial } from './development-keys.ts'

/** For callers with a certificate of ours: TLS 1.3, as between services of our own (ASVS 12.1.1, 12.3). */
export function mutualTls(tls: TlsMaterial): ServerCredentials {
  const authority = { ca: tls.clientAuthority, minVersion: 'TLSv1.3' } as const
  return new TlsCredentials({ requestCert: true }, { ...pairOf(tls), ...authority })
}

/** For callers who sign assertions: TLS 1.2 too, for programs that we do not choose. */
export function serverTls(tls: TlsMaterial): ServerCredentials {
  return new TlsCredentials({ requestCert: false }, { ...pairOf(tls), minVersion: 'TLSv1.2' })
}

function pairOf({ key, certificate }: TlsMaterial): SecureContextOptions {
  return { key, cert: certificate }
}

/** `ServerCredentials.createSsl` takes no version, and leaves it to Node's flags and defaults. */
class TlsCredentials extends ServerCredentials {
  constructor(options: SecureServerOptions, context: SecureContextOptions) {
    super(options, context)
  }

  /** Asked when one port is bound twice, which nobody here does. */
  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}
