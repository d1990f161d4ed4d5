import { EditorState, type Extension } from '@codemirror/state'
import type { Language } from '../text/language.ts'

/** What the editor itself says, in the language of the page: its own words are English. */
export function editorPhrases(language: Language): Extension {
  return EditorState.phrases.of(language === 'ja' ? JAPANESE : {})
}

const JAPANESE: Readonly<Record<string, string>> = {
  // Search
  Find: '検索',
  Replace: '置き換え',
  next: '次へ',
  previous: '前へ',
  all: 'すべて選択',
  'match case': '大文字と小文字を区別',
  regexp: '正規表現',
  'by word': '単語ごと',
  replace: '置き換える',
  'replace all': 'すべて置き換える',
  close: '閉じる',
  'current match': '今の一致',
  'on line': '行',
  'replaced match on line $': '$ 行の一致を置き換えました',
  'replaced $ matches': '$ 件を置き換えました',
  'Go to line': '行へ移動',
  go: '移動',
  // Faults and completion
  Diagnostics: '誤り',
  'No diagnostics': '誤りはありません',
  Completions: '候補',
  // Folding and the rest
  'Fold line': '行をたたむ',
  'Unfold line': '行を開く',
  'Folded lines': 'たたんだ行',
  'Unfolded lines': '開いた行',
  'folded code': 'たたんだ部分',
  unfold: '開く',
  to: '〜',
  'Control character': '制御文字',
  'Selection deleted': '選択した部分を削除しました',
}
