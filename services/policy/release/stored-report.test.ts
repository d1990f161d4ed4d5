import { expect, test } from 'vitest'
import { readReport, type StoredReport } from './stored-report.ts'

const place = { path: 'policies/a/framework.yaml', line: 3, column: 5 }

function reportOf(message: { ja: string; en: string } | string, help: string | null): StoredReport {
  return {
    passed: false,
    diagnostics: [{ ...place, code: 'missing-key', message, help }],
    tests: { passed: 2, failed: [{ label: 'a:1 b', axis: 'level', miss: message }] },
    objections: [{ ja: '版', en: 'version' }],
  }
}

test('a report that was kept with English words alone shows these in both languages', () => {
  const both = { ja: 'key `id` is missing', en: 'key `id` is missing' }
  expect(readReport(reportOf('key `id` is missing', 'write `id`'))).toEqual({
    passed: false,
    diagnostics: [
      {
        ...place,
        code: 'missing-key',
        message: both,
        help: { ja: 'write `id`', en: 'write `id`' },
      },
    ],
    tests: { passed: 2, failed: [{ label: 'a:1 b', axis: 'level', miss: both }] },
    objections: [{ ja: '版', en: 'version' }],
  })
})

test('a report in both languages stays as it is', () => {
  const report = reportOf({ ja: '鍵 `id` がありません', en: 'key `id` is missing' }, null)
  expect(readReport(report)).toEqual(report)
})
