import { expect, test } from 'vitest'
import { isIndividualNumber } from './individual-number.ts'

test.each([
  'individual_number',
  'individualNumber',
  'Individual-Number',
  'INDIVIDUAL-NUMBER',
  'org.iso.23220.1.jp/individual_number_unicode',
  'ｉｎｄｉｖｉｄｕａｌ＿ｎｕｍｂｅｒ',
  'my_number',
  'mynumber',
  'kojin_bango',
  '個人番号',
  'マイナンバー',
])('%s is 個人番号', (name) => {
  expect(isIndividualNumber(name)).toBe(true)
})
test.each(['name', 'age_over_20', 'number'])('%s is not', (name) => {
  expect(isIndividualNumber(name)).toBe(false)
})
