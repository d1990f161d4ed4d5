import { expect, test } from 'vitest'
import { Report } from './diagnostic.ts'
import type { readDocument } from './document.ts'
import { rememberingReader } from './document.ts'

function readBy(read: typeof readDocument, path: string, text: string) {
  const report = new Report()
  const value = read({ path, text }, report)
  return { value, faults: report.diagnostics.map(({ code, place }) => [code, place.file]) }
}

test('a document is read once for as long as its text stays', () => {
  const read = rememberingReader()
  const first = readBy(read, 'a.yaml', 'key: 1')
  expect(readBy(read, 'a.yaml', 'key: 1').value).toBe(first.value)
  const other = readBy(read, 'a.yaml', 'key: 2')
  expect(other.value).not.toEqual(first.value)
  expect(readBy(read, 'b.yaml', 'key: 2').value).not.toBe(other.value)
})

test('a fault is told of every time, at its own document', () => {
  const read = rememberingReader()
  for (let time = 0; time < 2; time += 1)
    expect(readBy(read, 'bad.yaml', 'key: [1').faults[0]).toEqual(['yaml-syntax', 'bad.yaml'])
  expect(readBy(read, 'bad.yaml', 'key: [1]').faults).toEqual([])
})
