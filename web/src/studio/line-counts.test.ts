import { expect, test } from 'vitest'
import { lineCounts } from './line-counts.ts'

test.each([
  ['a\nb\nc\n', 'a\nb\nc\n', 0, 0],
  ['a\nb\nc\n', 'a\nx\nc\n', 1, 1],
  ['a\nb\n', 'a\nb\nc\nd\n', 2, 0],
  ['', 'a\nb\n', 2, 0],
  ['a\nb\n', '', 0, 2],
  ['a\na\na\n', 'a\na\n', 0, 1],
])('%j to %j adds %i and takes away %i', (before, after, added, removed) => {
  expect(lineCounts(before, after)).toEqual({ added, removed })
})
