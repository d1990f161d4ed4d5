import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { releases, rollBack, type Release } from '../api/policy.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Announcement } from '../parts/notice.tsx'
import { Badge, Card, Facts, Text } from '../parts/page.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { CompareReleases } from './compare-releases.tsx'
import { Field } from './fields.tsx'

/** Every release, newest first, the way back to an earlier one, and the one in force anew, such as to hand its key over. */
export function ReleasesPanel() {
  const { t } = useTranslation('studio')
  const asked = useAnswer(releases)
  const [chosen, setChosen] = useState<Release>()
  const [proposed, setProposed] = useState(false)
  return (
    <>
      <Text>{t('releases.text')}</Text>
      <Announcement text={proposed ? t('releases.backDone') : undefined} />
      <Answered asked={asked} path="/studio">
        {(found) =>
          found.length === 0 ? (
            <Text>{t('releases.none')}</Text>
          ) : (
            <>
              <CompareReleases releases={found} />
              <ol className="space-y-4">
                {found.map((release) => (
                  <li key={release.sequence}>
                    <ReleaseCard release={release}>
                      <Button
                        kind="secondary"
                        small
                        onPress={() => {
                          setProposed(false)
                          setChosen(release)
                        }}
                      >
                        {t(release.inForce ? 'releases.again' : 'releases.back', {
                          sequence: release.sequence,
                        })}
                      </Button>
                    </ReleaseCard>
                  </li>
                ))}
              </ol>
            </>
          )
        }
      </Answered>
      <Back
        release={chosen}
        onClose={() => {
          setChosen(undefined)
        }}
        onProposed={() => {
          setChosen(undefined)
          setProposed(true)
        }}
      />
    </>
  )
}

function ReleaseCard(props: { readonly release: Release; readonly children: ReactNode }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { release } = props
  return (
    <Card
      rank="h2"
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span>{t('releases.number', { sequence: release.sequence })}</span>
          {release.inForce && <Badge tone="good">{t('releases.inForce')}</Badge>}
          {release.rolledBackTo !== null && (
            <Badge tone="plain">
              {t('releases.rolledBack', { sequence: release.rolledBackTo })}
            </Badge>
          )}
        </span>
      }
    >
      <Facts
        rows={[
          [t('releases.reason'), release.note],
          [t('releases.at'), dateTime(language, release.publishedAt)],
          [t('releases.author'), release.author],
          [t('releases.approver'), release.approver],
          [
            t('releases.versions'),
            release.versions.map(({ framework, version }) => `${framework} ${version}`).join(', '),
          ],
          [t('releases.digest'), <Digest key="digest" of={release.digest} />],
          ...(release.previous === null
            ? []
            : [[t('releases.previous'), <Digest key="previous" of={release.previous} />] as const]),
          ...(release.successor === null
            ? []
            : [
                [
                  t('releases.successor'),
                  <Digest key="successor" of={release.successor} />,
                ] as const,
              ]),
        ]}
      />
      {props.children}
    </Card>
  )
}

function Digest({ of }: { readonly of: string }) {
  return <code className="text-dns-14N-130 leading-160">{of}</code>
}

function Back(props: {
  readonly release: Release | undefined
  readonly onClose: () => void
  readonly onProposed: () => void
}) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [note, setNote] = useState('')
  const { release } = props
  return (
    <Confirm
      open={release !== undefined}
      onClose={() => {
        action.forget()
        props.onClose()
      }}
      title={t(release?.inForce === true ? 'releases.againTitle' : 'releases.backTitle', {
        sequence: release?.sequence ?? 0,
      })}
      confirm={t(release?.inForce === true ? 'releases.againConfirm' : 'releases.backConfirm')}
      confirmDisabled={note.trim() === ''}
      action={action}
      onConfirm={() => {
        if (release === undefined) return
        action.run(async () => {
          await rollBack(release.sequence, note.trim())
          setNote('')
          props.onProposed()
        })
      }}
    >
      <Text>{t('releases.backText')}</Text>
      <Field label={t('changes.note')} value={note} onChange={setNote} rows={3} />
    </Confirm>
  )
}
