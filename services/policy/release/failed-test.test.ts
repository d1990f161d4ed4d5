import { expect, test } from 'vitest'
import { InvalidInput } from '../../kernel/errors.ts'
import { PolicyRejected } from '../language/diagnostic.ts'
import { missingKey } from '../language/document-faults.ts'
import { notRun, unexpected } from './failed-test.ts'

test('a test that gets another value is told in both languages', () => {
  expect(unexpected('yes', ['no'])).toEqual({
    ja: '"yes" のはずが ["no"] です',
    en: 'expected "yes", got ["no"]',
  })
})

test('a file of tests with faults is told with each of them, in both languages', () => {
  const place = { file: 'a.test.yaml', line: 3, column: 5 }
  const faults = ['facts', 'expect'].map((key) => ({ ...missingKey(key), place }))
  expect(notRun(new PolicyRejected(faults))).toEqual({
    ja: 'a.test.yaml:3:5 鍵 `facts` がありません [missing-key]\na.test.yaml:3:5 鍵 `expect` がありません [missing-key]',
    en: 'a.test.yaml:3:5 key `facts` is missing [missing-key]\na.test.yaml:3:5 key `expect` is missing [missing-key]',
  })
})

test('what is refused for another reason keeps its words after ours', () => {
  const { ja, en } = notRun(new InvalidInput('at', 'an instant'))
  expect(en).toBe('at: expected an instant')
  expect(ja).toBe(`実行できません：${en}`)
})
