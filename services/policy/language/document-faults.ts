import type { FactExpectation, InvalidFacts } from '../../kernel/invalid-facts.ts'
import { fault, type Fault } from './diagnostic.ts'
import { didYouMean } from './hints.ts'
import { joined, type Text } from './text.ts'

export function documentTooLong(most: number): Fault {
  return fault('too-large', {
    ja: `文書が ${most} 文字を超えています`,
    en: `document of more than ${most} characters`,
  })
}

export const BRACKETS_TOO_DEEP = fault('too-large', {
  ja: 'リストや鍵の入れ子が深すぎます',
  en: 'lists or maps nested too deeply',
})

export const TOO_MANY_PARTS = fault('too-large', {
  ja: '文書の入れ子が深すぎるか、部分が多すぎます',
  en: 'document nested too deeply or with too many parts',
})

export const EMPTY_DOCUMENT = fault(
  'wrong-form',
  { ja: '文書が空です', en: 'empty document' },
  { ja: '`language: 1` で始めます', en: 'begin with `language: 1`' },
)

export const NO_ANCHORS = fault('yaml-syntax', {
  ja: 'アンカーと別名（`&` と `*`）は使えません',
  en: 'anchors and aliases are not part of the language',
})

export const NO_TAGS = fault('yaml-syntax', {
  ja: 'タグ（`!`）は使えません',
  en: 'tags are not part of the language',
})

export const KEY_IS_NO_TEXT = fault('wrong-form', {
  ja: '鍵はただの文字列で書きます',
  en: 'a key must be plain text',
})

export function forbiddenKey(key: string): Fault {
  return fault('unknown-key', {
    ja: `\`${key}\` は鍵にできません`,
    en: `\`${key}\` cannot be a key`,
  })
}

/** `known` are the keys that may stand in that map. */
export function unknownKey(key: string, known: Iterable<string>): Fault {
  const words = [...known]
  const help = didYouMean(key, words) ?? {
    ja: `ここで使えるもの：${words.join(', ')}`,
    en: `known here: ${words.join(', ')}`,
  }
  return fault(
    'unknown-key',
    { ja: `鍵 \`${key}\` はここでは使えません`, en: `unknown key \`${key}\`` },
    help,
  )
}

export function missingKey(key: string): Fault {
  return fault('missing-key', {
    ja: `鍵 \`${key}\` がありません`,
    en: `key \`${key}\` is missing`,
  })
}

export function notText(key: string): Fault {
  return fault('wrong-form', {
    ja: `\`${key}\` は文字列で書きます`,
    en: `\`${key}\` must be text`,
  })
}

export function notTexts(key: string): Fault {
  return fault('wrong-form', {
    ja: `\`${key}\` は文字列のリストで書きます`,
    en: `\`${key}\` must be a list of texts`,
  })
}

export function notOneValue(key: string): Fault {
  return fault('wrong-form', {
    ja: `\`${key}\` は一つの値で書きます`,
    en: `\`${key}\` must be one value`,
  })
}

const MAP_FORM: Text = {
  ja: '`{ key: value }` と書くか、鍵を1行に一つずつ書きます',
  en: 'write `{ key: value }`, or the keys on lines of their own',
}

/** `form` shows how it is written, where that is always the same. */
export function notMap(what: Text, form: Text = MAP_FORM): Fault {
  return fault(
    'wrong-form',
    { ja: `${joined(what.ja, 'は')}鍵と値の組で書きます`, en: `${what.en} must be a map` },
    form,
  )
}

export function notList(what: Text): Fault {
  return fault(
    'wrong-form',
    { ja: `${joined(what.ja, 'は')}リストで書きます`, en: `${what.en} must be a list` },
    {
      ja: '`[a, b]` と書くか、`- ` の後に一つずつ行を分けて書きます',
      en: 'write `[a, b]`, or each on a line of its own after `- `',
    },
  )
}

/** Facts of a test that the schema does not take. */
export function wrongFacts({
  path,
  expected,
  message,
}: Pick<InvalidFacts, 'path' | 'expected' | 'message'>): Fault {
  return fault('wrong-facts', { ja: `${path}：${expectedFact(expected)}`, en: message })
}

function expectedFact(expected: FactExpectation): string {
  switch (expected.kind) {
    case 'facts':
      return '事実の型に合いません'
    case 'one of':
      return `次のどれかが必要です：${expected.members.join(', ')}`
    case 'member':
      return `鍵 \`${expected.name}\` がありません`
    case 'no member':
      return `鍵 \`${expected.name}\` はここでは使えません`
    case 'type':
      return `型 ${expected.type} が必要です`
    case 'format':
      return `形式 "${expected.format}" で書きます`
    case 'bound':
      return `${expected.comparison} ${expected.limit} でなければなりません`
    case 'entries':
      return `${expected.most} 個までです`
    case 'other':
      return `事実の型に合いません（${expected.words}）`
    default:
      return expected satisfies never
  }
}
