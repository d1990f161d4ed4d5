import { TAG, DerReader } from '../../jpki/der.ts'
import { MalformedDer } from '../../jpki/errors.ts'
import { fromBase64 } from '../../kernel/bytes.ts'
import { InvalidInput } from '../../kernel/errors.ts'
import { pemBlocks } from '../../kernel/pem.ts'
import type { PkiIo } from './pki-io.ts'

/** A kind of file: what it may weigh, and what its PEM blocks are called (RFC 7468). */
interface Kind {
  readonly name: string
  readonly most: number
  readonly labels: readonly string[]
}

export const FILE = {
  certificates: {
    name: 'a certificate in DER or PEM',
    most: 16 * 2 ** 20,
    labels: ['CERTIFICATE', 'X509 CERTIFICATE'],
  },
  /** A list of 128 MB in PEM, which is what the verifier takes in DER, weighs a third more. */
  crls: { name: 'a CRL in DER or PEM', most: 176 * 2 ** 20, labels: ['X509 CRL', 'CRL'] },
  ocsp: {
    name: 'an OCSP response in DER or PEM',
    most: 16 * 2 ** 20,
    labels: ['OCSP RESPONSE'],
  },
} as const satisfies Record<string, Kind>

/**
 * Everything of a kind in the files, in order: a file in DER is one object, a file in PEM has one a block. What begins as
 * DER and goes wrong later is handed on: the verdict says what is wrong with it.
 */
export function readObjects(
  paths: readonly string[] | undefined = [],
  kind: Kind,
  io: PkiIo,
): Uint8Array[] {
  return paths.flatMap((path) => {
    const bytes = io.readBytes(path, kind.most)
    if (isOneSequence(bytes)) return [bytes]
    const objects = blocksOf(Buffer.from(bytes).toString('latin1'), kind, path)
    if (objects.length > 0) return objects
    if (bytes[0] === TAG.sequence) return [bytes]
    throw new InvalidInput(path, kind.name)
  })
}

function isOneSequence(bytes: Uint8Array): boolean {
  try {
    const reader = new DerReader(bytes)
    reader.read(TAG.sequence)
    return reader.atEnd
  } catch (error) {
    if (error instanceof MalformedDer) return false
    throw error
  }
}

function blocksOf(text: string, { labels, name }: Kind, path: string): Uint8Array[] {
  return pemBlocks(text).flatMap(({ label, base64 }) => {
    if (!labels.includes(label)) return []
    try {
      return [fromBase64(base64)]
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error
      throw new InvalidInput(path, name, { cause: error })
    }
  })
}
