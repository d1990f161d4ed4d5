import type { KeyObject } from 'node:crypto'
import { concatBytes, fromBase64, utf8 } from '../kernel/bytes.ts'
import type { CardFile } from './card-file.ts'
import { importKey } from './keys.ts'
import type { CertificateFamily } from './profile.ts'

/** An elementary file of JPKI-AP. */
export type ElementaryFile =
  | {
      readonly type: 'transparent'
      readonly bytes: Uint8Array
      /** PIN that opens it; `never` for what no command of ours may read. */
      readonly opensWith?: CertificateFamily | 'never'
    }
  | { readonly type: 'key'; readonly family: CertificateFamily; readonly key: KeyObject }
  | { readonly type: 'pin'; readonly family: CertificateFamily }

const BLOCK = 256

/**
 * The files of JPKI-AP by identifier. A card without a 署名用 certificate has neither that file nor its key and password; on
 * a phone the 利用者証明用 certificate needs the PIN.
 */
export function cardContents(card: CardFile): ReadonlyMap<number, ElementaryFile> {
  const { authentication, signature, authorities, kind } = card
  const certificate = (
    base64: string,
    opensWith?: CertificateFamily | 'never',
  ): ElementaryFile => ({
    type: 'transparent',
    bytes: padded(fromBase64(base64)),
    ...(opensWith && { opensWith }),
  })
  const files: (readonly [number, ElementaryFile])[] = [
    [0x0002, certificate(authorities.signature)],
    [0x0006, { type: 'transparent', bytes: tokenInformation(card) }],
    [0x0008, { type: 'transparent', bytes: Uint8Array.of(signature ? 0x8f : 0x00, 0x8f, 0x00) }],
    [0x0009, { type: 'transparent', bytes: new Uint8Array(BLOCK), opensWith: 'never' }],
    [
      0x000a,
      certificate(authentication.certificate, kind === 'phone' ? 'authentication' : undefined),
    ],
    [0x000b, certificate(authorities.authentication)],
    [0x0017, { type: 'key', family: 'authentication', key: importKey(authentication.privateKey) }],
    [0x0018, { type: 'pin', family: 'authentication' }],
  ]
  if (signature) {
    files.push(
      [0x0001, certificate(signature.certificate, 'signature')],
      [0x001a, { type: 'key', family: 'signature', key: importKey(signature.privateKey) }],
      [0x001b, { type: 'pin', family: 'signature' }],
    )
  }
  return new Map(files)
}

/** The file is larger than the certificate; what follows the DER is FF. */
function padded(der: Uint8Array): Uint8Array {
  const size = Math.ceil((der.length + 1) / BLOCK) * BLOCK
  return concatBytes(der, new Uint8Array(size - der.length).fill(0xff))
}

/** EF 0006: the token information of PKCS #11, 160 bytes, space padded. */
function tokenInformation(card: CardFile): Uint8Array {
  const text = (value: string, length: number) => utf8(value.padEnd(length, ' '))
  const label = card.kind === 'card' ? 'JPKIAPICCTOKEN2' : 'JPKIAPGPSETOKEN'
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
