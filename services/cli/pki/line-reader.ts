/** Longest line that is read, in bytes. */
export const MAX_LINE = 16 * 2 ** 20

/** Lines of UTF-8 text that are not blank, with their numbers; `null` stands for the text of one that is too long. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most = MAX_LINE,
): AsyncGenerator<{ readonly line: number; readonly text: string | null }> {
  let parts: Uint8Array[] = []
  let length = 0
  let line = 1
  const take = (): { readonly line: number; readonly text: string | null } => {
    const text = length > most ? null : Buffer.concat(parts).toString('utf8')
    parts = []
    length = 0
    return { line: line++, text }
  }
  for await (const chunk of chunks) {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      length += end
      if (length <= most) parts.push(rest.subarray(0, end))
      const taken = take()
      if (taken.text?.trim() !== '') yield taken
      rest = rest.subarray(end + 1)
    }
    length += rest.length
    if (length <= most) parts.push(rest)
    else parts = []
  }
  const last = take()
  if (last.text?.trim() !== '') yield last
}

const NEWLINE = 0x0a
