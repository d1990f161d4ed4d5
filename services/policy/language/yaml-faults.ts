import type { YAMLParseError } from 'yaml'
import { fault, type Fault } from './diagnostic.ts'
import type { Text } from './text.ts'

/** What the parser found. Its own words are English; what it says often has Japanese words too, with help. */
export function yamlFault({ code, message }: Pick<YAMLParseError, 'code' | 'message'>): Fault {
  const line = message.split('\n')[0] ?? message
  const en = line.charAt(0).toLowerCase() + line.slice(1)
  const known = KNOWN.find(({ start }) => line.startsWith(start))
  const ja = known?.ja ?? unexpected(line) ?? `${BY_CODE[code]}（YAML：${en}）`
  return fault(code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml-syntax', { ja, en }, known?.help)
}

/** `Unexpected … token in YAML stream: "…"` names the author's word in quotes. */
function unexpected(line: string): string | undefined {
  const word = /^Unexpected .* token in YAML \w+: (".*")$/.exec(line)?.[1]
  return word === undefined ? undefined : `ここに ${word} は置けません`
}

const UNDER_EACH_OTHER: Text = {
  ja: '同じまとまりの行は同じ桁から始めます：前の空白を確かめてください',
  en: 'what belongs together begins in the same column: look at the spaces before it',
}
const ONE_KEY_A_LINE: Text = {
  ja: '鍵は1行に一つ書き、`: ` を含む文は引用符で囲みます',
  en: 'one key a line; put a text with `: ` in it in quotes',
}
const CLOSE: Text = { ja: '前で開いたものを閉じます', en: 'close what was opened further up' }

/** What the parser says often, by how it begins. */
const KNOWN: readonly { readonly start: string; readonly ja: string; readonly help?: Text }[] = [
  { start: 'Map keys must be unique', ja: '同じ鍵が二つあります' },
  {
    start: 'Tags and anchors',
    ja: 'タグやアンカーの後に空白がありません',
    help: {
      ja: '`!` で始まる式は、引用符で囲むか `|` の下に書きます',
      en: 'put an expression that begins with `!` in quotes, or under `|`',
    },
  },
  { start: 'All mapping items', ja: '鍵の始まる桁がそろっていません', help: UNDER_EACH_OTHER },
  { start: 'All sequence items', ja: '項目の始まる桁がそろっていません' },
  { start: 'A block sequence', ja: 'リストを鍵にはできません', help: UNDER_EACH_OTHER },
  { start: 'Sequence item without', ja: '項目の前に `- ` がありません', help: UNDER_EACH_OTHER },
  { start: 'Nested mappings', ja: '1行に二つの鍵は書けません', help: ONE_KEY_A_LINE },
  { start: 'Implicit keys need', ja: '鍵は1行に収めます' },
  { start: 'Implicit map keys', ja: '鍵の後に `:` がありません' },
  {
    start: 'Tabs are not',
    ja: '字下げにタブは使えません',
    help: { ja: '空白で書きます', en: 'write spaces' },
  },
  { start: 'Missing closing', ja: '引用符が閉じていません', help: CLOSE },
  { start: 'Missing , ', ja: '項目の間に `,` がありません' },
  { start: 'Missing space after :', ja: '`:` の後に空白がありません' },
  {
    start: 'Block collections are not',
    ja: '`[ ]` や `{ }` の中では、字下げによるまとまりは使えません',
  },
  { start: 'Flow map in block', ja: '`{` に対応する `}` がないか、字下げが足りません' },
  { start: 'Flow sequence in block', ja: '`[` に対応する `]` がないか、字下げが足りません' },
  { start: 'Flow end indicator', ja: '閉じる括弧の字下げが足りません' },
  { start: 'Unexpected scalar at node end', ja: 'ここに値を続けることはできません' },
  { start: 'Unexpected , in', ja: 'ここに `,` は置けません' },
  { start: 'Unexpected empty item', ja: '`,` の間に項目がありません' },
  { start: 'Plain value cannot start', ja: '引用符のない値は、この文字で始められません' },
  { start: 'Comments must be', ja: '`#` の前に空白がありません' },
  { start: 'With stringKeys', ja: '鍵はただの文字列で書きます' },
  { start: 'Invalid escape sequence', ja: '引用符の中の `\\` の使い方が違います' },
]

/** Said before the parser's own words where those have none in Japanese. */
const BY_CODE: Readonly<Record<YAMLParseError['code'], string>> = {
  ALIAS_PROPS: '別名にはタグやアンカーを付けられません',
  BAD_ALIAS: 'アンカーや別名の書き方が違います',
  BAD_COLLECTION_TYPE: 'タグとまとまりの種類が合いません',
  BAD_DIRECTIVE: '`%` で始まる指示が違います',
  BAD_DQ_ESCAPE: '引用符の中の `\\` の使い方が違います',
  BAD_INDENT: '字下げが違います',
  BAD_PROP_ORDER: 'タグやアンカーの位置が違います',
  BAD_SCALAR_START: '引用符のない値は、この文字で始められません',
  BLOCK_AS_IMPLICIT_KEY: 'まとまりを鍵にはできません',
  BLOCK_IN_FLOW: '括弧の中では、字下げによるまとまりは使えません',
  DUPLICATE_KEY: '同じ鍵が二つあります',
  IMPOSSIBLE: 'YAML として読めません',
  KEY_OVER_1024_CHARS: '鍵が 1024 文字を超えています',
  MISSING_CHAR: '文字が足りません',
  MULTILINE_IMPLICIT_KEY: '鍵は1行に収めます',
  MULTIPLE_ANCHORS: 'アンカーが二つ以上あります',
  MULTIPLE_DOCS: '一つのファイルには一つの文書だけを書きます',
  MULTIPLE_TAGS: 'タグが二つ以上あります',
  NON_STRING_KEY: '鍵はただの文字列で書きます',
  RESOURCE_EXHAUSTION: '文書が大きすぎます',
  TAB_AS_INDENT: '字下げにタブは使えません',
  TAG_RESOLVE_FAILED: 'タグの意味がわかりません',
  UNEXPECTED_TOKEN: 'ここには置けないものがあります',
}
