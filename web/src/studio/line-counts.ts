import { diff } from '@codemirror/merge'

/** How many lines a change adds and takes away, as its difference shows them. */
export function lineCounts(
  before: string,
  after: string,
): { readonly added: number; readonly removed: number } {
  const numbers = new Map<string, number>()
  // One character stands for one line, so that the difference is one of lines.
  const [old, now] = [before, after].map((text) =>
    text === ''
      ? ''
      : lines(text)
          .map((line) => String.fromCodePoint(numberOf(line)))
          .join(''),
  )
  function numberOf(line: string): number {
    const known = numbers.get(line) ?? 1 + (numbers.size % MOST_LINES)
    numbers.set(line, known)
    return known
  }
  const changed = diff(old ?? '', now ?? '')
  return {
    added: changed.reduce((sum, { fromB, toB }) => sum + toB - fromB, 0),
    removed: changed.reduce((sum, { fromA, toA }) => sum + toA - fromA, 0),
  }
}

/** Beyond it a character would take two units; so many different lines no document has. */
const MOST_LINES = 0xd7ff

function lines(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}
