import { expect, test } from 'vitest'
import { readHelp } from './fault-help.ts'

test.each([
  ['did you mean `AAL2`?', 'meant', '`AAL2`'],
  ['known: IAL1, IAL2', 'known', 'IAL1, IAL2'],
  ['known here: id, title', 'known', 'id, title'],
  ['write `&&`', 'write', '`&&`'],
  ['write `==` to compare', 'other', 'write `==` to compare'],
  ['look into a list with `.exists(x, …)`', 'other', 'look into a list with `.exists(x, …)`'],
])('`%s` is help of the kind %s', (help, kind, words) => {
  expect(readHelp(help)).toEqual({ kind, words })
})
