import { concatBytes } from '../../services/kernel/bytes.ts'
import { DerReader, TAG, inside, type DerElement } from '../../services/jpki/der.ts'
import { der } from '../../services/jpki/der-writer.ts'

const EXTRA = Uint8Array.of(TAG.null, 0)

/** The same DER with one element more: after it, and as the last one of each part that it has, in turn. */
export function withSomethingAfter(encoding: Uint8Array): Uint8Array[] {
  return [concatBytes(encoding, EXTRA), ...bentInside(new DerReader(encoding).read())]
}

function bentInside(element: DerElement): Uint8Array[] {
  const parts = partsOf(element)
  if (parts === null) return []
  const encodings = parts.map(({ encoding }) => encoding)
  return [
    der(element.tag, ...encodings, EXTRA),
    ...parts.flatMap((part, i) =>
      bentInside(part).map((bent) => der(element.tag, ...encodings.with(i, bent))),
    ),
  ]
}

/** Null for a primitive element, unless it is an OCTET STRING around a SEQUENCE, or an IMPLICIT NULL. */
function partsOf(element: DerElement): DerElement[] | null {
  const { tag, length, contents } = element
  const isWrapped = tag === TAG.octetString && contents[0] === TAG.sequence
  if (tag >= 0x80 && length === 0) return []
  return (tag & 0x20) !== 0 || isWrapped
    ? inside(element).list(Infinity, (reader) => reader.read())
    : null
}
