import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { releaseDocuments, type DocumentChange, type Release } from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Section, Text } from '../parts/page.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { ChangesView } from './changes-view.tsx'
import { changesBetween } from './draft.ts'
import { Select } from './fields.tsx'
import type { Documents } from './workbench.ts'

interface Compared {
  readonly from: Release
  readonly to: Release
  readonly before: Documents
  readonly changes: readonly DocumentChange[]
}

/** What one release changed against another, whichever lies between them. */
export function CompareReleases({ releases }: { readonly releases: readonly Release[] }) {
  const { t } = useTranslation('studio')
  const [newest, second] = releases
  const [from, setFrom] = useState(second)
  const [to, setTo] = useState(newest)
  const [compared, setCompared] = useState<Compared>()
  const action = useAction()
  if (from === undefined || to === undefined) return null
  return (
    <Section title={t('compare.title')}>
      <div className="grid gap-3 sm:grid-cols-2">
        <Choice label={t('compare.from')} releases={releases} chosen={from} onChoose={setFrom} />
        <Choice label={t('compare.to')} releases={releases} chosen={to} onChoose={setTo} />
      </div>
      <Button
        kind="secondary"
        busy={action.busy}
        disabled={from === to}
        onPress={() => {
          action.run(async () => {
            const [before, after] = [
              await releaseDocuments(from.sequence),
              await releaseDocuments(to.sequence),
            ]
            setCompared({ from, to, before, changes: changesBetween(before, after) })
          })
        }}
      >
        {t('compare.run')}
      </Button>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {compared !== undefined && (
        <div className="space-y-3">
          <p role="status" className="text-std-16B-170">
            {t('compare.found', {
              from: compared.from.sequence,
              to: compared.to.sequence,
              count: compared.changes.length,
            })}
          </p>
          {compared.changes.length === 0 ? (
            <Text>{t('compare.same')}</Text>
          ) : (
            <ChangesView base={compared.before} changes={compared.changes} />
          )}
        </div>
      )}
    </Section>
  )
}

function Choice(props: {
  readonly label: string
  readonly releases: readonly Release[]
  readonly chosen: Release
  readonly onChoose: (release: Release | undefined) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { label, releases, chosen, onChoose } = props
  return (
    <Select
      label={label}
      value={String(chosen.sequence)}
      onChange={(value) => {
        onChoose(releases.find(({ sequence }) => String(sequence) === value))
      }}
      groups={[
        {
          name: t('tabs.releases'),
          options: releases.map(({ sequence, publishedAt, note }) => ({
            value: String(sequence),
            name: `${t('releases.number', { sequence })} (${dateTime(language, publishedAt)}) ${note}`,
          })),
        },
      ]}
    />
  )
}
