import { EditorState } from '@codemirror/state'
import { expect, test } from 'vitest'
import { editorPhrases } from './editor-phrases.ts'

test.each([
  ['ja', '検索', '2 件を置き換えました'],
  ['en', 'Find', 'replaced 2 matches'],
] as const)('in %s the editor itself speaks that language', (language, find, replaced) => {
  const state = EditorState.create({ extensions: editorPhrases(language) })
  expect(state.phrase('Find')).toBe(find)
  expect(state.phrase('replaced $ matches', 2)).toBe(replaced)
})
