import { expect, test } from 'vitest'
import { applied, changesBetween, editsOver } from './draft.ts'

const base = new Map([
  ['b/framework.yaml', 'b'],
  ['facts.yaml', 'facts'],
])

test('a text that was written back is no change, nor is taking away what is not there', () => {
  const edits = new Map([
    ['b/framework.yaml', 'b'],
    ['facts.yaml', 'other'],
    ['c/framework.yaml', null],
  ])
  expect([...editsOver(base, edits)]).toEqual([['facts.yaml', 'other']])
})

test('edits add, change and take away documents, in the order of their paths', () => {
  const edits = new Map([
    ['a/framework.yaml', 'new'],
    ['b/framework.yaml', null],
    ['facts.yaml', 'other'],
  ])
  expect([...applied(base, edits)]).toEqual([
    ['a/framework.yaml', 'new'],
    ['facts.yaml', 'other'],
  ])
  expect([...base.keys()]).toEqual(['b/framework.yaml', 'facts.yaml'])
})

test('two states differ by what one has, or has otherwise, than the other', () => {
  const before = new Map([
    ['a.yaml', 'same'],
    ['b.yaml', 'old'],
    ['c.yaml', 'gone'],
  ])
  const after = new Map([
    ['d.yaml', 'new'],
    ['b.yaml', 'other'],
    ['a.yaml', 'same'],
  ])
  expect(changesBetween(before, after)).toEqual([
    { path: 'b.yaml', text: 'other' },
    { path: 'c.yaml', text: null },
    { path: 'd.yaml', text: 'new' },
  ])
  expect(changesBetween(after, after)).toEqual([])
})
