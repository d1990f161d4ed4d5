import { createHash } from 'node:crypto'

/** One way in which a value may stand in something that was written. */
export interface Trace {
  readonly name: string
  readonly form: string
  readonly bytes: Buffer
}

/** A value whose traces are looked for; text, or bytes that have no text. */
export interface Canary {
  readonly name: string
  readonly value: string | Buffer
}

/** A trace shorter than this would be found by chance among megabytes of ciphertext. */
const SHORTEST = 7

/**
 * Every form in which a value is looked for: UTF-8, UTF-16 of both byte orders, hexadecimal, base64 and base64url at each of
 * the three alignments, percent-encoding, escapes of JSON (also inside of JSON text) and of HTML, and its SHA-256.
 */
export function tracesOf({ name, value }: Canary): readonly Trace[] {
  const raw: [string, Buffer][] =
    typeof value === 'string'
      ? [
          ['utf-8', Buffer.from(value)],
          ['utf-16le', Buffer.from(value, 'utf16le')],
          ['utf-16be', Buffer.from(value, 'utf16le').swap16()],
        ]
      : [['bytes', value]]
  const digests = raw.map(([form, bytes]): [string, Buffer] => [
    `sha-256 of ${form}`,
    createHash('sha256').update(bytes).digest(),
  ])
  const forms: [string, Buffer][] = [...raw, ...digests].flatMap(([form, bytes]) => [
    [form, bytes],
    ...textForms(bytes).map(([how, text]): [string, Buffer] => [
      `${how} of ${form}`,
      Buffer.from(text),
    ]),
  ])
  if (typeof value === 'string')
    forms.push(
      ...escapes(value).map(([how, text]): [string, Buffer] => [how, Buffer.from(text)]),
      ...textForms(Buffer.from(JSON.stringify(value))).map(([how, text]): [string, Buffer] => [
        `${how} of JSON`,
        Buffer.from(text),
      ]),
    )
  return forms
    .filter(([, bytes]) => bytes.length >= SHORTEST)
    .map(([form, bytes]) => ({ name, form, bytes }))
}

function textForms(bytes: Buffer): [string, string][] {
  const hex = bytes.toString('hex')
  return [
    ['hex', hex],
    ['upper-case hex', hex.toUpperCase()],
    ['percent-encoding', hex.replaceAll(/../g, (byte) => `%${byte.toUpperCase()}`)],
    ['lower-case percent-encoding', hex.replaceAll(/../g, (byte) => `%${byte}`)],
    ...[0, 1, 2].flatMap((offset): [string, string][] => {
      const text = base64At(bytes, offset)
      return [
        [`base64 at ${offset}`, text],
        [`base64url at ${offset}`, text.replaceAll('+', '-').replaceAll('/', '_')],
      ]
    }),
  ]
}

/** The characters of base64 that depend on `bytes` alone when `offset` other bytes stand before them. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const begin = Math.ceil((offset * 8) / 6)
  const end = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(begin, end)
}

function escapes(value: string): [string, string][] {
  const units = [...Array(value.length).keys()].map((i) =>
    value.charCodeAt(i).toString(16).padStart(4, '0'),
  )
  const points = [...value].map((character) => character.codePointAt(0) ?? 0)
  const all: [string, string][] = [
    ['encodeURIComponent', encodeURIComponent(value)],
    ['decimal HTML', points.map((point) => `&#${point};`).join('')],
    ['hexadecimal HTML', points.map((point) => `&#x${point.toString(16)};`).join('')],
  ]
  for (const slash of ['\\', '\\\\']) {
    all.push(
      [`JSON escapes after ${slash}`, units.map((unit) => `${slash}u${unit}`).join('')],
      [
        `upper-case JSON escapes after ${slash}`,
        units.map((unit) => `${slash}u${unit.toUpperCase()}`).join(''),
      ],
    )
  }
  return all
}

/** A serial in every writing that could hold it: its bytes, its figures, its TLV in DER. */
export function serialCanaries(serial: number): readonly Canary[] {
  const hex = serial.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  const name = 'serial'
  return [
    { name, value: bytes },
    { name, value: serial.toString(10) },
    { name, value: hex },
    { name, value: hex.toUpperCase() },
    { name, value: Buffer.concat([Buffer.from([0x02, bytes.length]), bytes]) },
  ]
}

/** Something in which a search is made. */
export interface Place {
  readonly where: string
  readonly bytes: Buffer
}

/** Names what was found, in which form and where; never the value. */
export function findTraces(places: readonly Place[], traces: readonly Trace[]): readonly string[] {
  return places.flatMap(({ where, bytes }) =>
    traces
      .filter((trace) => bytes.includes(trace.bytes))
      .map(({ name, form }) => `${name} as ${form} in ${where}`),
  )
}
