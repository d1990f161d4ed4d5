import { utf8 } from '../../kernel/bytes.ts'
import { TAG, DerReader, contextConstructed, contextPrimitive } from '../der.ts'
import {
  latin1Text,
  readAlgorithm,
  readDefaultFalse,
  readInteger,
  readOid,
  readSmallInteger,
  timeAt,
  toBigInt,
  type AlgorithmIdentifier,
} from '../der-values.ts'
import { MalformedDer } from '../errors.ts'
import { readExtensions, type Extension } from '../extensions.ts'
import { readGeneralName, type GeneralName } from '../general-name.ts'

/** TSTInfo as read, nothing of it verified (RFC 3161 §2.4.2). */
export interface TimeStampInfo {
  readonly policy: string
  readonly imprint: { readonly algorithm: AlgorithmIdentifier; readonly digest: Uint8Array }
  readonly serial: bigint
  readonly genTime: Date
  /** How far the clock may be off, in milliseconds, rounded up. */
  readonly accuracy: number
  readonly nonce: bigint | null
  readonly authority: GeneralName | null
  readonly extensions: readonly Extension[]
}

/** Reads a TSTInfo from strict DER; throws `MalformedDer`. */
export function parseTimeStampInfo(der: Uint8Array): TimeStampInfo {
  const outer = new DerReader(der)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  if (readSmallInteger(body) !== 1) body.fail('version 1')
  const policy = readOid(body)
  const imprint = readImprint(body.enter(TAG.sequence))
  const serial = toBigInt(readInteger(body, 21))
  const genTime = readGenTime(body)
  const accuracyBody = body.optionalEnter(TAG.sequence)
  const accuracy = accuracyBody === null ? 0 : readAccuracy(accuracyBody)
  readDefaultFalse(body) // ordering: of interest between tokens of one authority
  const nonce = body.nextTag === TAG.integer ? toBigInt(readInteger(body)) : null
  const named = body.optionalEnter(contextConstructed(0))
  const authority = named === null ? null : readGeneralName(named)
  named?.finish()
  const extensions = body.atEnd ? [] : readExtensions(body, contextConstructed(1))
  return { policy, imprint, serial, genTime, accuracy, nonce, authority, extensions }
}

function readImprint(body: DerReader): TimeStampInfo['imprint'] {
  const algorithm = readAlgorithm(body)
  const digest = body.read(TAG.octetString).contents
  body.finish()
  return { algorithm, digest }
}

/** `YYYYMMDDhhmmss[.s…]Z` without trailing zeros, cut to the millisecond (RFC 3161 §2.4.2). */
function readGenTime(body: DerReader): Date {
  const element = body.read(TAG.generalizedTime)
  const [, seconds, fraction = ''] =
    /^([0-9]{14})(?:\.([0-9]{0,8}[1-9]))?Z$/.exec(latin1Text(element)) ?? []
  const whole = seconds === undefined ? Number.NaN : timeAt(utf8(`${seconds}Z`), 0, 15, 4)
  if (Number.isNaN(whole)) {
    throw new MalformedDer('a time in UTC with seconds that exists', element.offset)
  }
  return new Date(whole + Number(`${fraction}000`.slice(0, 3)))
}

/** Accuracy: seconds, and thousandths and millionths from 1 to 999 (RFC 3161 §2.4.2). */
function readAccuracy(body: DerReader): number {
  const seconds = body.nextTag === TAG.integer ? readSmallInteger(body) : 0
  const thousandths = readFraction(body, 0)
  const millionths = readFraction(body, 1)
  body.finish()
  return seconds * 1000 + thousandths + (millionths > 0 ? 1 : 0)
}

function readFraction(body: DerReader, n: number): number {
  if (body.nextTag !== contextPrimitive(n)) return 0
  const value = readSmallInteger(body, contextPrimitive(n))
  return value >= 1 && value <= 999 ? value : body.fail('1 to 999')
}
