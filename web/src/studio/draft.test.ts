import { expect, test } from 'vitest'
import { applied, editsOver } from './draft.ts'

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
