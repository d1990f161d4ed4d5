import * as asn1js from 'asn1js'

/** asn1js values, shortened for the test issuers. */
export type Asn1 = asn1js.BaseBlock

export function sequence(...value: Asn1[]): asn1js.Sequence {
  return new asn1js.Sequence({ value })
}

export function set(...value: Asn1[]): asn1js.Set {
  return new asn1js.Set({ value })
}

export function oid(value: string): Asn1 {
  return new asn1js.ObjectIdentifier({ value })
}

export function text(value: string): Asn1 {
  return new asn1js.Utf8String({ value })
}

export function octets(value: Uint8Array): Asn1 {
  return new asn1js.OctetString({ valueHex: buffer(value) })
}

/** `[n]` constructed. */
export function tagged(n: number, ...value: Asn1[]): Asn1 {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber: n }, value })
}

/** `[n]` primitive. */
export function taggedBytes(n: number, value: Uint8Array): Asn1 {
  return new asn1js.Primitive({
    idBlock: { tagClass: 3, tagNumber: n },
    valueHex: buffer(value),
  })
}

/** An INTEGER with exactly these contents. */
export function integer(contents: Uint8Array): Asn1 {
  const long = contents.length < 0x80 ? [] : [0x82, contents.length >> 8]
  return raw(Uint8Array.of(0x02, ...long, contents.length & 0xff, ...contents))
}

export function whole(value: number): Asn1 {
  return new asn1js.Integer({ value })
}

/** UTCTime before 2050, GeneralizedTime from then on. */
export function time(at: Date): Asn1 {
  return at.getUTCFullYear() < 2050 ? new asn1js.UTCTime({ valueDate: at }) : generalizedTime(at)
}

export function generalizedTime(at: Date): Asn1 {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return raw(Uint8Array.of(0x18, 15, ...Buffer.from(`${digits}Z`)))
}

/** Bytes put in as they are, well-formed or not. */
export function raw(encoding: Uint8Array): Asn1 {
  return new RawBlock(encoding)
}

class RawBlock extends asn1js.BaseBlock {
  readonly #encoding: Uint8Array
  constructor(encoding: Uint8Array) {
    super({}, asn1js.ValueBlock)
    this.#encoding = encoding
  }
  override toBER(_sizeOnly?: boolean, writer?: { write(bytes: ArrayBuffer): void }): ArrayBuffer {
    const encoding = buffer(this.#encoding)
    writer?.write(encoding) // a parent collects its children through the writer
    return encoding
  }
}

export function bits(value: Uint8Array): Asn1 {
  return new asn1js.BitString({ valueHex: buffer(value) })
}

export function encode(value: Asn1): Uint8Array {
  return new Uint8Array(value.toBER())
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

/** A distinguished name of single-valued RDNs; `C` as PrintableString, the others as UTF8String. */
export function name(parts: readonly (readonly [string, string])[]): Asn1 {
  return sequence(
    ...parts.map(([type, value]) =>
      set(
        sequence(
          oid(NAME_OIDS[type] ?? type),
          type === 'C' ? new asn1js.PrintableString({ value }) : text(value),
        ),
      ),
    ),
  )
}

const NAME_OIDS: Readonly<Record<string, string>> = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  L: '2.5.4.7',
  CN: '2.5.4.3',
}
