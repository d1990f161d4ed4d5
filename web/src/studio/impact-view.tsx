import { useTranslation } from 'react-i18next'
import type { Impact } from '../api/policy.ts'
import { Text } from '../parts/page.tsx'
import { AxisMatrix } from './axis-matrix.tsx'

/** How many people go from which level to which, axis by axis. */
export function ImpactView({ impact }: { readonly impact: Impact }) {
  const { t } = useTranslation('studio')
  return (
    <div className="space-y-6">
      <Text>{t('changes.subjects', { count: impact.subjects })}</Text>
      {impact.axes.length === 0 && <Text>{t('changes.noAxes')}</Text>}
      {impact.axes.map((axis) => (
        <AxisMatrix key={`${axis.framework} ${axis.axis}`} axis={axis} of="changes" />
      ))}
    </div>
  )
}
