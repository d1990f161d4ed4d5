import { toBase64 } from './bytes.ts'

const LINE = 64

/** One object in textual encoding (RFC 7468 §3), base64 in lines of 64. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = toBase64(der)
  let lines = ''
  for (let at = 0; at < base64.length; at += LINE) lines += base64.slice(at, at + LINE) + '\n'
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`
}

/** The blocks of a text in order, as they stand: base64 without white space, not decoded and so not checked. */
export function pemBlocks(text: string): { readonly label: string; readonly base64: string }[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g)
  return [...blocks].map(([, label = '', body = '']) => ({
    label,
    base64: body.replace(/\s+/g, ''),
  }))
}
