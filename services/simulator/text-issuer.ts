import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import {
  readAttributesFile,
  rsaPublicKey,
  type TextAttributes,
  writeAttributesFile,
  writePublicKey,
} from '../card/text-format.ts'
import type { TextRoot } from '../card/text-roots.ts'
import { writeObject } from '../card/tlv.ts'
import { concatBytes, fromBase64Url, fromHex, toBase64, toHex, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { TextApplicationFile } from './card-file.ts'
import { importKey } from './keys.ts'
import type { FourAttributes } from './people.ts'
import type { TextAuthorityState } from './state.ts'

/** 証明者鍵ID and 被証明者鍵ID: seven digits of a hierarchy there is none of, 08 05, three digits, padding. */
const ROOT_KEY_ID = fromHex('39303030303333' + '0805' + '303031' + '00000000')
const ISSUER_KEY_ID = fromHex('39393939323031' + '0805' + '303031' + '00000000')
/** The same for everybody, and no 個人番号: its check digit is wrong. */
const INVALID_NUMBER = '999999999999'

/** Writes 券面事項入力補助AP: a root of its own, an issuer certified by it, and the issuer's signatures on each card. */
export class TextIssuer {
  readonly #root: KeyObject
  readonly #issuer: KeyObject

  constructor(state: TextAuthorityState) {
    this.#root = importKey(state.root)
    this.#issuer = importKey(state.issuer)
  }

  /** For the verifier's pins. */
  get root(): TextRoot {
    return {
      keyId: toHex(ROOT_KEY_ID),
      publicKey: rsaPublicKey(modulusOf(this.#root)),
    }
  }

  /** The files of a card with the key `privateKey` (base64 PKCS #8); the same bytes for the same input. */
  write(attributes: FourAttributes, privateKey: string): TextApplicationFile {
    const number = concatBytes(writeObject(0xff10, utf8(INVALID_NUMBER)), fromHex('ffff'))
    const file = writeAttributesFile(textAttributes(attributes))
    const digests = concatBytes(
      writeObject(0xdf31, sha256(number)),
      writeObject(0xdf32, sha256(readAttributesFile(file).covered)),
    )
    const key = writeObject(0xdf51, writePublicKey(modulusOf(importKey(privateKey))))
    return {
      number: toBase64(number),
      attributes: toBase64(file),
      integrity: toBase64(
        writeObject(0xff30, digests, writeObject(0xdf33, signed(digests, this.#issuer))),
      ),
      certificate: toBase64(this.#certificate()),
      signedKey: toBase64(writeObject(0xff50, key, writeObject(0xdf52, signed(key, this.#issuer)))),
      privateKey,
    }
  }

  #certificate(): Uint8Array {
    const body = concatBytes(ROOT_KEY_ID, ISSUER_KEY_ID, writePublicKey(modulusOf(this.#issuer)))
    return writeObject(
      0x7f21,
      writeObject(0x5f4e, body),
      writeObject(0x5f37, signed(body, this.#root)),
    )
  }
}

/** 照合番号B as it is printed: birth date by era year (YYMMDD), year of expiry, security code. */
export function referenceB(birthDate: string, expiryYear: number, securityCode: string): string {
  const [year = 0, month = 0, day = 0] = birthDate.split('-').map(Number)
  const known = /^\d{4}-\d\d-\d\d$/.test(birthDate)
  const era = known ? ERAS.find((start) => birthDate >= start) : undefined
  const eraYear = era === undefined ? 0 : year - Number(era.slice(0, 4)) + 1
  const two = (value: number) => String(value).padStart(2, '0')
  const date = era !== undefined ? `${two(eraYear)}${two(month)}${two(day)}` : '000000'
  return `${date}${expiryYear}${securityCode}`
}

/** First days of 令和, 平成, 昭和, 大正 and 明治. */
const ERAS = ['2019-05-01', '1989-01-08', '1926-12-25', '1912-07-30', '1868-01-25']

function textAttributes({ name, address, birthDate, sex }: FourAttributes): TextAttributes {
  // The register's raw form of a date that is not known has an era digit in front, which this application does without.
  const date = /^\d{9}$/.test(birthDate) ? birthDate.slice(1) : birthDate.replaceAll('-', '')
  return { name, address, birthDate: date, sex: sex === '1' || sex === '2' ? sex : '9' }
}

function signed(bytes: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign('sha256', bytes, key))
}

function modulusOf(privateKey: KeyObject): Uint8Array {
  const { n = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return fromBase64Url(n)
}
