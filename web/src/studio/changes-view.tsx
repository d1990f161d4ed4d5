import { useTranslation } from 'react-i18next'
import type { DocumentChange } from '../api/policy.ts'
import { Small } from '../parts/page.tsx'
import { Difference } from './code-editor.tsx'
import { lineCounts } from './line-counts.ts'
import type { Documents } from './workbench.ts'

/** Each changed document against another state of the policy. */
export function ChangesView(props: {
  readonly base: Documents
  readonly changes: readonly DocumentChange[]
}) {
  const { t } = useTranslation('studio')
  return (
    <ul className="space-y-4">
      {props.changes.map(({ path, text }) => {
        const before = props.base.get(path)
        const after = text ?? ''
        return (
          <li key={path} className="space-y-2">
            <h3 className="text-std-16B-170">{path}</h3>
            <Small>
              {text === null && `${t('changes.isRemoved')}. `}
              {before === undefined && `${t('changes.isNew')}. `}
              {t('changes.lines', lineCounts(before ?? '', after))}
            </Small>
            <Difference label={t('changes.diff', { path })} before={before ?? ''} after={after} />
          </li>
        )
      })}
    </ul>
  )
}
