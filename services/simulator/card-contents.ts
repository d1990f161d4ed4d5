import type { KeyObject } from 'node:crypto'
import { INVENTED_NEXT_CARD } from '../card/next-card.ts'
import { concatBytes, fromBase64, toHex, utf8 } from '../kernel/bytes.ts'
import type { CardFile, PinName, TextApplicationFile } from './card-file.ts'
import { importKey } from './keys.ts'
import type { CertificateFamily } from './profile.ts'

/** An elementary file of an application. */
export type ElementaryFile =
  | {
      readonly type: 'transparent'
      readonly bytes: Uint8Array
      /** PINs of which any opens it; none in the list: nothing does. Absent: it is free. */
      readonly opensWith?: readonly PinName[]
    }
  | { readonly type: 'key'; readonly opensWith: PinName; readonly key: KeyObject }
  | { readonly type: 'pin'; readonly pin: PinName }

export interface CardApplication {
  readonly files: ReadonlyMap<number, ElementaryFile>
  /** Signs with P2 = 00 and without a PIN. */
  readonly ownKey?: KeyObject
}

export const JPKI_AP = 'd392f000260100000001'
const NEXT_CARD_AP = toHex(INVENTED_NEXT_CARD.aid)
export const TEXT_AP = 'd3921000310001010408'
export const ISSUER_SECURITY_DOMAIN = 'a0000001510000'

const BLOCK = 256

/** The applications of a card by AID. Those of a next card are invented, and its client meets them nowhere else. */
export function cardApplications(card: CardFile): ReadonlyMap<string, CardApplication> {
  const applications: [string, CardApplication][] = [
    [card.generation === 'next' ? NEXT_CARD_AP : JPKI_AP, { files: jpkiFiles(card) }],
    [ISSUER_SECURITY_DOMAIN, { files: new Map() }],
  ]
  if (card.text) applications.push([TEXT_AP, textApplication(card.text)])
  return new Map(applications)
}

/**
 * The files of JPKI-AP by identifier. A card without a 署名用 certificate has neither that file nor its key and password; on
 * a phone the 利用者証明用 certificate needs the PIN.
 */
function jpkiFiles(card: CardFile): ReadonlyMap<number, ElementaryFile> {
  const { authentication, signature, authorities, kind } = card
  const certificate = (base64: string, opensWith?: PinName): ElementaryFile => ({
    type: 'transparent',
    bytes: padded(fromBase64(base64)),
    ...(opensWith && { opensWith: [opensWith] }),
  })
  const key = (opensWith: CertificateFamily, base64: string): ElementaryFile => ({
    type: 'key',
    opensWith,
    key: importKey(base64),
  })
  const files: (readonly [number, ElementaryFile])[] = [
    [0x0002, certificate(authorities.signature)],
    [0x0006, { type: 'transparent', bytes: tokenInformation(card) }],
    [0x0008, { type: 'transparent', bytes: Uint8Array.of(signature ? 0x8f : 0x00, 0x8f, 0x00) }],
    [0x0009, { type: 'transparent', bytes: new Uint8Array(BLOCK), opensWith: [] }],
    [
      0x000a,
      certificate(authentication.certificate, kind === 'phone' ? 'authentication' : undefined),
    ],
    [0x000b, certificate(authorities.authentication)],
    [0x0017, key('authentication', authentication.privateKey)],
    [0x0018, { type: 'pin', pin: 'authentication' }],
  ]
  if (signature) {
    files.push(
      [0x0001, certificate(signature.certificate, 'signature')],
      [0x001a, key('signature', signature.privateKey)],
      [0x001b, { type: 'pin', pin: 'signature' }],
    )
  }
  return new Map(files)
}

/**
 * 券面事項入力補助AP. As on a card, the PIN opens EF 0001 and 照合番号B does not. 照合番号A (the number itself), its blocked PIN and
 * secure messaging are left out.
 */
function textApplication(text: TextApplicationFile): CardApplication {
  const file = (base64: string, ...opensWith: readonly PinName[]): ElementaryFile => ({
    type: 'transparent',
    bytes: fromBase64(base64),
    ...(opensWith.length > 0 && { opensWith }),
  })
  return {
    files: new Map([
      [0x0001, file(text.number, 'text')],
      [0x0002, file(text.attributes, 'text', 'referenceB')],
      [0x0003, file(text.integrity, 'text', 'referenceB')],
      [0x0004, file(text.certificate)],
      [0x0007, file(text.signedKey, 'text', 'referenceB')],
      [0x0011, { type: 'pin', pin: 'text' }],
      [0x0015, { type: 'pin', pin: 'referenceB' }],
    ]),
    ownKey: importKey(text.privateKey),
  }
}

/** The file is larger than the certificate; what follows the DER is FF. */
function padded(der: Uint8Array): Uint8Array {
  const size = Math.ceil((der.length + 1) / BLOCK) * BLOCK
  return concatBytes(der, new Uint8Array(size - der.length).fill(0xff))
}

const PHONE_LABELS = { android: 'JPKIAPGPSETOKEN', iphone: 'JPKIAPIOSTOKEN' } as const

function labelOf({ kind, phone, generation }: CardFile): string {
  if (kind === 'phone') return PHONE_LABELS[phone ?? 'android']
  return generation === 'next' ? 'INVENTED NEXT CARD' : 'JPKIAPICCTOKEN2'
}

/** EF 0006: the token information of PKCS #11, 160 bytes, space padded. */
function tokenInformation(card: CardFile): Uint8Array {
  const text = (value: string, length: number) => utf8(value.padEnd(length, ' '))
  const label = labelOf(card)
  const uint32 = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(4 * values.length))
    values.forEach((value, index) => view.setUint32(4 * index, value))
    return new Uint8Array(view.buffer)
  }
  return concatBytes(
    text(label, 32),
    text('JPKI-SIM', 32),
    text('SIMULATOR', 16),
    text('', 16),
    uint32(0x40d),
    uint32(0, 0, 0, 0), // session counts and their limits
    uint32(16, 6), // PIN lengths
    uint32(0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff), // memory
    Uint8Array.of(3, 0, 1, 0), // hardware and firmware version
    utf8('9'.repeat(16)),
  )
}
