import type { Text } from './text.ts'

/** Parts of documents that have no name of their own, as messages to authors call them. */
export const PART = {
  answer: { ja: '答え', en: 'an answer' },
  axis: { ja: '軸', en: 'an axis' },
  clause: { ja: '条件の一つ', en: 'a clause' },
  document: { ja: '文書', en: 'a document' },
  equivalence: { ja: '等価', en: 'an equivalence' },
  factCatalogue: { ja: '事実の型の文書', en: 'the fact catalogue' },
  invariant: { ja: '不変条件', en: 'an invariant' },
  label: { ja: '表示名', en: 'a label' },
  profile: { ja: '名前付きの最小条件', en: 'a profile' },
  rule: { ja: '規則', en: 'a rule' },
  test: { ja: '試験', en: 'a test' },
  testFile: { ja: '試験の文書', en: 'a test file' },
  title: { ja: '表題', en: 'a title' },
} as const satisfies Readonly<Record<string, Text>>

const KINDS = {
  axis: '軸',
  option: '選択肢',
  row: '行',
  table: '表',
} as const

/** `axis \`IAL\``. */
export function namedPart(kind: keyof typeof KINDS, name: string): Text {
  return { ja: `${KINDS[kind]} \`${name}\``, en: `${kind} \`${name}\`` }
}

/** A key, or a sign. */
export function quoted(word: string): Text {
  return { ja: `\`${word}\``, en: `\`${word}\`` }
}

/** One of the entries under a key. */
export function entryOf(key: string): Text {
  return { ja: `\`${key}\` の項目`, en: `an entry of \`${key}\`` }
}

export function labelsOf(method: string): Text {
  return { ja: `\`${method}\` の表示名`, en: `labels of \`${method}\`` }
}
