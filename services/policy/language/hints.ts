import type { Text } from './text.ts'

/** `did you mean …` for the nearest candidate: distance at most 2, or a third of the length. */
export function didYouMean(word: string, candidates: Iterable<string>): Text | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const found = distance(word.toLowerCase(), candidate.toLowerCase())
    if (found < bestDistance) [best, bestDistance] = [candidate, found]
  }
  // A short word is near to everything: a whole replacement is no hint.
  if (best === undefined || bestDistance >= word.length) return undefined
  return { ja: `\`${best}\` のことですか？`, en: `did you mean \`${best}\`?` }
}

/** The nearest candidate, or all of them where none is near. */
export function meantOrKnown(word: string, candidates: Iterable<string>): Text {
  const known = [...candidates]
  return didYouMean(word, known) ?? knownWords(known)
}

export function knownWords(words: readonly string[]): Text {
  return { ja: `使えるもの：${words.join(', ')}`, en: `known: ${words.join(', ')}` }
}

/** `form` as it stands in a document. */
export function writeForm(form: string): Text {
  return { ja: `\`${form}\` と書きます`, en: `write \`${form}\`` }
}

/** Optimal string alignment: insert, delete, replace, swap of neighbours. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 20 || a.length > 100) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let cell = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cell = Math.min(cell, (before[j - 2] ?? 0) + 1)
      }
      row.push(cell)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
