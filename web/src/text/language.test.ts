import { expect, test } from 'vitest'
import { preferredLanguage } from './language.ts'

test.each([
  [null, ['ja-JP', 'en'], 'ja'],
  [null, ['ja'], 'ja'],
  [null, ['en-GB', 'ja'], 'en'],
  [null, ['fr-FR', 'ja-JP'], 'ja'],
  [null, ['fr-FR'], 'en'],
  [null, [], 'en'],
  ['ja', ['en'], 'ja'],
  ['en', ['ja'], 'en'],
  ['fr', ['ja'], 'ja'],
  ['', ['jam-JM'], 'en'],
])('kept %j and wanted %j give %s', (kept, wanted, language) => {
  expect(preferredLanguage(kept, wanted)).toBe(language)
})
