import { expect, test } from 'vitest'
import { ownPath } from './return-path.ts'

test.each(['/wallet', '/ledger', '/authenticators', '/authorize/aB3_-x'])('%s is ours', (path) => {
  expect(ownPath(path)).toBe(path)
})

test.each([
  null,
  '',
  '/',
  'https://evil.example/wallet',
  '//evil.example/authorize/a',
  '/authorize/',
  '/authorize/../login',
  '/authorize/a?ticket=1',
  '/authorize/a/b',
  '/wallet/',
  'wallet',
  String.raw`/\evil.example`,
  'javascript:alert(1)',
  `/authorize/${'a'.repeat(201)}`,
])('%j is not ours', (path) => {
  expect(ownPath(path)).toBeUndefined()
})
