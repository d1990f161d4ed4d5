import { useTranslation } from 'react-i18next'
import type { GateReport } from '../api/policy.ts'
import { Small } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** Whether changes may be published, and what is against it. */
export function ReportView({ report }: { readonly report: GateReport }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { diagnostics, objections, raisesNobody, tests } = report
  return (
    <div className="space-y-2">
      <p
        role="status"
        className={`rounded-8 border-2 p-3 text-std-16N-170 ${report.passed ? 'border-success-2 bg-green-50' : 'border-error-2 bg-red-50'}`}
      >
        {report.passed ? t('report.passed') : t('report.failed')}{' '}
        {t('report.tests', { passed: tests.passed, failed: tests.failed.length })}
      </p>
      {raisesNobody?.verdict === 'proved' && (
        <Lines
          title={t('report.raisesNobody')}
          lines={raisesNobody.assumptions.map((assumption) => local(language, assumption))}
        />
      )}
      <Lines
        title={t('report.objections')}
        lines={objections.map((objection) => local(language, objection))}
      />
      <Lines
        title={t('report.diagnostics')}
        lines={diagnostics.map(
          ({ path, line, column, message, code, help }) =>
            `${path}:${line}:${column} ${local(language, message)} [${code}]${help === null ? '' : ` (${local(language, help)})`}`,
        )}
      />
      <Lines
        title={t('report.failedTests')}
        lines={tests.failed.map(
          ({ label, axis, miss }) => `${label} (${axis}): ${local(language, miss)}`,
        )}
      />
    </div>
  )
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <>
      <Small>{title}</Small>
      <ul className="ml-5 list-disc space-y-1 text-dns-16N-130 leading-160">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  )
}
