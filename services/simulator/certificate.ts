import type { KeyObject } from 'node:crypto'
import * as asn1js from 'asn1js'
import { Certificate, type Extension, PublicKeyInfo } from 'pkijs'
import { fromHex, utf8 } from '../kernel/bytes.ts'
import {
  directoryNames,
  encoded,
  extension,
  integerContent,
  nameAsn1,
  octets,
  oid,
  pkijsName,
  sequence,
  signatureAlgorithm,
  tagged,
  taggedBytes,
  time,
  toArrayBuffer,
  toDer,
} from './der.ts'
import { keyIdentifier, signatureBits } from './keys.ts'
import type { FourAttributes } from './people.ts'
import {
  authorityAlternativeName,
  authorityName,
  type CertificateFamily,
  type DistinguishedName,
  SIMULATOR_PROFILE,
} from './profile.ts'

/** The private half of a CA, with what its certificates name. */
export interface Issuer {
  readonly family: CertificateFamily
  readonly serial: number
  readonly keyId: Uint8Array
  readonly privateKey: KeyObject
}

export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

interface ToBeSigned extends Validity {
  readonly serial: number
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly spki: Uint8Array
  readonly extensions: readonly Extension[]
}

/** Self-signed certificate of a family's CA, extensions in JPKI's order and without AKI, policies or AIA. */
export function authorityCertificate(
  issuer: Issuer,
  spki: Uint8Array,
  validity: Validity,
): Uint8Array {
  const name = authorityName(issuer.family)
  return signed(issuer.privateKey, {
    ...validity,
    serial: issuer.serial,
    issuer: name,
    subject: name,
    spki,
    extensions: [
      extension('2.5.29.15', true, encoded(fromHex('03020106'))), // keyCertSign, cRLSign
      extension('2.5.29.17', false, directoryNames(authorityAlternativeName(issuer.family))),
      extension('2.5.29.19', true, encoded(fromHex('30030101ff'))), // CA:TRUE, no pathLen
      extension('2.5.29.31', false, distributionPoints(name)),
      extension('2.5.29.14', false, octets(issuer.keyId)),
    ],
  })
}

export interface PersonCertificate extends Validity {
  readonly serial: number
  readonly subject: DistinguishedName
  readonly spki: Uint8Array
  /** Name of the CRL that will tell its revocation. */
  readonly distributionPoint: DistinguishedName
  /** Written into the 署名用 certificate alone. */
  readonly attributes: FourAttributes
}

/** A person's certificate of the issuer's family: extensions, their order and criticality as on real cards. */
export function personCertificate(issuer: Issuer, person: PersonCertificate): Uint8Array {
  const signing = issuer.family === 'signature'
  const alternative = directoryNames(authorityAlternativeName(issuer.family))
  return signed(issuer.privateKey, {
    ...person,
    issuer: authorityName(issuer.family),
    extensions: [
      // digitalSignature, and nonRepudiation for 署名用
      extension('2.5.29.15', true, encoded(fromHex(signing ? '030206c0' : '03020780'))),
      ...(signing
        ? [extension('2.5.29.17', false, attributeNames(person.attributes))]
        : [extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.2')))]), // clientAuth
      extension('2.5.29.32', true, policies(issuer.family)),
      extension('2.5.29.18', false, alternative),
      extension('2.5.29.31', false, distributionPoints(person.distributionPoint)),
      ...(signing ? [] : [extension('1.3.6.1.5.5.7.1.1', false, ocspAccess())]),
      extension('2.5.29.35', false, authorityKeyIdentifier(issuer)),
      extension('2.5.29.14', false, octets(keyIdentifier(person.spki))),
    ],
  })
}

/** A delegated OCSP signer (RFC 6960 §4.2.2.2) with id-pkix-ocsp-nocheck. */
export function responderCertificate(
  issuer: Issuer,
  responder: Validity & { readonly serial: number; readonly spki: Uint8Array },
): Uint8Array {
  return signed(issuer.privateKey, {
    ...responder,
    issuer: authorityName(issuer.family),
    subject: [...authorityName(issuer.family).slice(0, 3), ['CN', 'OCSP responder']],
    extensions: [
      extension('2.5.29.15', true, encoded(fromHex('03020780'))),
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.9'))), // OCSPSigning
      extension('1.3.6.1.5.5.7.48.1.5', false, new asn1js.Null()),
      extension('2.5.29.35', false, authorityKeyIdentifier(issuer)),
      extension('2.5.29.14', false, octets(keyIdentifier(responder.spki))),
    ],
  })
}

function signed(privateKey: KeyObject, tbs: ToBeSigned): Uint8Array {
  const certificate = new Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ value: tbs.serial }),
    signature: signatureAlgorithm(privateKey),
    issuer: pkijsName(tbs.issuer),
    notBefore: time(tbs.notBefore),
    notAfter: time(tbs.notAfter),
    subject: pkijsName(tbs.subject),
    subjectPublicKeyInfo: PublicKeyInfo.fromBER(toArrayBuffer(tbs.spki)),
    extensions: [...tbs.extensions],
    signatureAlgorithm: signatureAlgorithm(privateKey),
  })
  certificate.signatureValue = signatureBits(privateKey, toDer(certificate.encodeTBS()))
  return toDer(certificate.toSchema(true))
}

function policies(family: CertificateFamily): asn1js.Sequence {
  const qualifier = sequence(
    oid('1.3.6.1.5.5.7.2.1'), // id-qt-cps
    new asn1js.IA5String({ value: SIMULATOR_PROFILE.cpsUri }),
  )
  return sequence(sequence(oid(SIMULATOR_PROFILE.policyOids[family]), sequence(qualifier)))
}

function distributionPoints(name: DistinguishedName): asn1js.Sequence {
  return sequence(sequence(distributionPoint(name)))
}

/** `distributionPoint [0]` with one fullName; the same in a certificate and in a CRL's issuingDistributionPoint. */
export function distributionPoint(name: DistinguishedName): asn1js.Constructed {
  return tagged(0, tagged(0, tagged(4, nameAsn1(name))))
}

function ocspAccess(): asn1js.Sequence {
  const location = taggedBytes(6, utf8(SIMULATOR_PROFILE.ocspUri))
  return sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), location))
}

/** Key id, issuer name and serial of the CA's own certificate. */
export function authorityKeyIdentifier(issuer: Issuer): asn1js.Sequence {
  return sequence(
    taggedBytes(0, issuer.keyId),
    tagged(1, tagged(4, nameAsn1(authorityName(issuer.family)))),
    taggedBytes(2, integerContent(issuer.serial)),
  )
}

/** The six otherName entries in the order of real cards: 1, 4, 3, 5, 2, 6. */
function attributeNames(attributes: FourAttributes): asn1js.Sequence {
  const entries: readonly (readonly [number, string])[] = [
    [1, attributes.name],
    [4, eraDate(attributes.birthDate)],
    [3, attributes.sex],
    [5, attributes.address],
    [2, substituteFlags(attributes.name, attributes.substitutedInName)],
    [6, substituteFlags(attributes.address, attributes.substitutedInAddress)],
  ]
  return sequence(
    ...entries.map(([n, value]) =>
      tagged(
        0,
        oid(`${SIMULATOR_PROFILE.attributeOidArc}.${n}`),
        tagged(0, new asn1js.Utf8String({ value })),
      ),
    ),
  )
}

/** One `0` or `1` per character (not UTF-16 unit); 1 = stands for a character that the certificate cannot hold. */
function substituteFlags(text: string, substituted: readonly number[] = []): string {
  return [...text].map((_, index) => (substituted.includes(index) ? '1' : '0')).join('')
}

const ERAS = [
  ['5', '2019-05-01'],
  ['4', '1989-01-08'],
  ['3', '1926-12-25'],
  ['2', '1912-07-30'],
  ['1', '0000-00-00'],
] as const

/** `EYYYYMMDD`: digit of the Japanese era, then the Gregorian date. An unknown date is written as it is given. */
function eraDate(birthDate: string): string {
  if (/^\d{9}$/.test(birthDate)) return birthDate
  const era = ERAS.find(([, from]) => birthDate >= from)?.[0] ?? '0'
  return era + birthDate.replaceAll('-', '')
}
