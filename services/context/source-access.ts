import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  SOURCE_NAMES,
  type AccessFiles,
  type IdentityConfig,
  type SourceName,
} from '../config/identity.ts'
import { toBase64, utf8 } from '../kernel/bytes.ts'
import { ConfigError } from '../kernel/errors.ts'
import { pemBlocks } from '../kernel/pem.ts'
import { Secret } from '../kernel/secret.ts'
import type { SourceAccess } from '../proofing/source-http.ts'

const MAX_FILE = 1 << 20

/**
 * Reads what an operator's service wants to be shown. `ConfigError` names the variable whose file is not what it has to be;
 * nothing that is in a file gets into a message.
 */
export function openSourceAccess(source: SourceName, files: AccessFiles): SourceAccess {
  const authorization = readAuthorization(source, files)
  return {
    ...readClientCertificate(source, files),
    ...(files.CA_FILE !== undefined && {
      authorities: readCertificates(`${source}_CA_FILE`, files.CA_FILE).text,
    }),
    ...(authorization !== undefined && { authorization }),
  }
}

/** What is wrong with files that `identity` names, one message each. */
export function accessProblems(identity: IdentityConfig): readonly string[] {
  return SOURCE_NAMES.flatMap((source) => {
    try {
      openSourceAccess(source, accessFiles(identity, source))
      return []
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return [error.message]
    }
  })
}

function accessFiles(identity: IdentityConfig, source: SourceName): AccessFiles {
  if (identity.kind === 'simulator') return {}
  const { crl, ocsp, linkage } = identity
  const asked = { CRL: crl.kind === 'http' ? crl : undefined, OCSP: ocsp, LINKAGE: linkage }
  return asked[source]?.access ?? {}
}

function readClientCertificate(
  source: SourceName,
  files: AccessFiles,
): Pick<SourceAccess, 'clientCertificate' | 'clientKey'> {
  const { CLIENT_CERT_FILE: certificateFile, CLIENT_KEY_FILE: keyFile } = files
  if (certificateFile === undefined || keyFile === undefined) return {}
  const { text, first } = readCertificates(`${source}_CLIENT_CERT_FILE`, certificateFile)
  const variable = `${source}_CLIENT_KEY_FILE`
  const pem = readText(variable, keyFile)
  const key = orRefuse(variable, 'a private key in PEM, not encrypted', () => createPrivateKey(pem))
  if (!first.checkPrivateKey(key)) throw refused(variable, 'the key of the client certificate')
  return { clientCertificate: text, clientKey: new Secret(exported(key)) }
}

function exported(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function readCertificates(variable: string, file: string) {
  const text = readText(variable, file)
  const expected = 'certificates in PEM'
  const [first] = orRefuse(variable, expected, () =>
    pemBlocks(text).map(({ base64 }) => new X509Certificate(Buffer.from(base64, 'base64'))),
  )
  if (first === undefined) throw refused(variable, expected)
  return { text, first }
}

function readAuthorization(source: SourceName, files: AccessFiles): Secret<string> | undefined {
  const { TOKEN_FILE: tokenFile, BASIC_FILE: basicFile } = files
  if (tokenFile !== undefined) {
    const variable = `${source}_TOKEN_FILE`
    const token = readText(variable, tokenFile).trim()
    // RFC 6750 §2.1, b64token
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw refused(variable, 'one bearer token')
    return new Secret(`Bearer ${token}`)
  }
  if (basicFile === undefined) return undefined
  const variable = `${source}_BASIC_FILE`
  const credentials = readText(variable, basicFile).replace(/\r?\n$/, '')
  if (!/^[^:\p{Cc}]+:\P{Cc}+$/u.test(credentials)) {
    throw refused(variable, 'one line `user:password`')
  }
  return new Secret(`Basic ${toBase64(utf8(credentials))}`)
}

function readText(variable: string, file: string): string {
  const bytes = orRefuse(variable, 'a file that can be read', () => readFileSync(file))
  if (bytes.length > MAX_FILE) throw refused(variable, 'a file of at most 1 MB')
  return bytes.toString('utf8')
}

function orRefuse<T>(variable: string, expected: string, read: () => T): T {
  try {
    return read()
  } catch {
    // The cause may quote what is in the file.
    throw refused(variable, expected)
  }
}

function refused(variable: string, expected: string): ConfigError {
  return new ConfigError(`\`${variable}\`: expected ${expected}`)
}
