import * as asn1js from 'asn1js'
import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto'
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  CryptoEngine,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralNames,
} from 'pkijs'
import type { Random } from '../kernel/random.ts'
import { encodePem } from '../kernel/pem.ts'

export interface KeyAndCertificate {
  /** PKCS#8. */
  readonly keyPem: string
  readonly certificatePem: string
}

type Name =
  | { readonly dns: string }
  | { readonly ip: readonly [number, number, number, number] }
  | { readonly uri: string }

type CertificateUse =
  | { readonly kind: 'authority' }
  | { readonly kind: 'server'; readonly names: readonly Name[] }
  | { readonly kind: 'client'; readonly names: readonly Name[] }

export interface CertificateRequest {
  readonly commonName: string
  readonly use: CertificateUse
  /** The authority that signs; a missing one makes the certificate sign itself. */
  readonly issuer?: KeyAndCertificate
  readonly notBefore: Date
  readonly notAfter: Date
  readonly random: Random
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const engine = new CryptoEngine({ name: 'node', crypto: globalThis.crypto })

/** Makes a P-256 key and an X.509 version 3 certificate for it (RFC 5280), for development alone. */
export async function issueDevelopmentCertificate(
  request: CertificateRequest,
): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = new Certificate()
  certificate.version = 2
  certificate.serialNumber = new asn1js.Integer({ valueHex: serial(request.random) })
  certificate.subject.typesAndValues.push(commonName(request.commonName))
  const issuer = request.issuer && readCertificate(request.issuer.certificatePem)
  certificate.issuer.typesAndValues.push(...(issuer ?? certificate).subject.typesAndValues)
  certificate.notBefore.value = request.notBefore
  certificate.notAfter.value = request.notAfter
  certificate.extensions = extensionsOf(request.use)
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine)
  const signer =
    request.issuer === undefined ? keys.privateKey : await signingKey(request.issuer.keyPem)
  await certificate.sign(signer, 'SHA-256', engine)
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    keyPem: encodePem('PRIVATE KEY', new Uint8Array(pkcs8)),
    certificatePem: encodePem('CERTIFICATE', new Uint8Array(certificate.toSchema(true).toBER())),
  }
}

function extensionsOf(use: CertificateUse): Extension[] {
  const authority = use.kind === 'authority'
  const constraints = new BasicConstraints({ cA: authority })
  const extensions = [
    extension('2.5.29.19', true, constraints.toSchema().toBER()),
    // RFC 5280 §4.2.1.3: keyCertSign and cRLSign, or digitalSignature
    extension('2.5.29.15', true, bits(authority ? 0x06 : 0x80, authority ? 1 : 7)),
  ]
  if (use.kind === 'authority') return extensions
  const purpose = use.kind === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'
  const usage = new ExtKeyUsage({ keyPurposes: [purpose] })
  const names = new GeneralNames({ names: use.names.map(generalName) })
  return [
    ...extensions,
    extension('2.5.29.37', false, usage.toSchema().toBER()),
    extension('2.5.29.17', false, names.toSchema().toBER()),
  ]
}

function generalName(name: Name): GeneralName {
  if ('dns' in name) return new GeneralName({ type: 2, value: name.dns })
  if ('uri' in name) return new GeneralName({ type: 6, value: name.uri })
  return new GeneralName({
    type: 7,
    value: new asn1js.OctetString({ valueHex: new Uint8Array(name.ip).buffer }),
  })
}

function extension(extnID: string, critical: boolean, extnValue: ArrayBuffer): Extension {
  return new Extension({ extnID, critical, extnValue })
}

function bits(value: number, unusedBits: number): ArrayBuffer {
  return new asn1js.BitString({ valueHex: new Uint8Array([value]).buffer, unusedBits }).toBER()
}

function commonName(value: string): AttributeTypeAndValue {
  return new AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value }) })
}

/** 127 random bits, positive and not zero (RFC 5280 §4.1.2.2). */
function serial(random: Random): ArrayBuffer {
  const bytes = new Uint8Array(random.bytes(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.buffer
}

function readCertificate(text: string): Certificate {
  const der = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  return Certificate.fromBER(new Uint8Array(der))
}

async function signingKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const key: KeyObject = createPrivateKey(keyPem)
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  return crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
}
