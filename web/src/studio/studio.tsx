import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { askForRole, author, current, samples, type Author } from '../api/policy.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { LogInPanel } from '../parts/log-in-panel.tsx'
import { ErrorNotice, Warning } from '../parts/notice.tsx'
import { Card, Facts, Page, Text } from '../parts/page.tsx'
import { addTexts } from '../text/i18n.ts'
import { ChangesPanel } from './changes-panel.tsx'
import { DecisionsPanel } from './decisions-panel.tsx'
import { useDraft } from './draft.ts'
import { EditPanel } from './edit-panel.tsx'
import { ProposalsPanel } from './proposals-panel.tsx'
import { ReleasesPanel } from './releases-panel.tsx'
import en from './text/en.json'
import ja from './text/ja.json'

const PATH = '/studio'

/** Where policy authors write, prove and publish trust frameworks. */
export function StudioPage() {
  useState(() => {
    addTexts('studio', { ja, en })
  })
  return <Studio />
}

function Studio() {
  const { t } = useTranslation('studio')
  const asked = useAnswer(author)
  return (
    <Page title={t('title')}>
      <Text>{t('lead')}</Text>
      <Answered asked={asked} path={PATH}>
        {(value) =>
          value.role !== 'author' ? (
            <Role author={value} again={asked.again} replace={asked.replace} />
          ) : value.strongLogin ? (
            <Work />
          ) : (
            <WeakLogin again={asked.again} />
          )
        }
      </Answered>
    </Page>
  )
}

function Role(props: {
  readonly author: Author
  readonly again: () => void
  readonly replace: (author: Author) => void
}) {
  const { t } = useTranslation('studio')
  const asking = useAction()
  const { code, role } = props.author
  return (
    <Card rank="h2" title={t('role.title')}>
      {role === 'asked' && code !== null ? (
        <>
          <Text>{t('role.asked')}</Text>
          <Facts
            rows={[
              [t('role.code'), <code key="code">{code}</code>],
              [t('role.command'), <code key="command">npx watashi policy authors add {code}</code>],
            ]}
          />
          <Button kind="secondary" onPress={props.again}>
            {t('role.again')}
          </Button>
        </>
      ) : (
        <>
          <Text>{t('role.text')}</Text>
          <Button
            busy={asking.busy}
            onPress={() => {
              asking.run(async () => {
                props.replace(await askForRole())
              })
            }}
          >
            {t('role.ask')}
          </Button>
        </>
      )}
      {asking.failure && <ErrorNotice failure={asking.failure} />}
    </Card>
  )
}

function WeakLogin({ again }: { readonly again: () => void }) {
  const { t } = useTranslation('studio')
  return (
    <>
      <Warning>
        <p className="text-std-16B-170">{t('role.weakTitle')}</p>
        <p>{t('role.weak')}</p>
      </Warning>
      <LogInPanel next={PATH} onLoggedIn={again} />
    </>
  )
}

const TABS = ['edit', 'changes', 'proposals', 'releases', 'decisions'] as const
type TabName = (typeof TABS)[number]

function Work() {
  const { t } = useTranslation('studio')
  const policy = useAnswer(current)
  const people = useAnswer(samples)
  const [tab, setTab] = useState<TabName>('edit')
  return (
    <Answered asked={policy} path={PATH}>
      {(inForce) => (
        <Answered asked={people} path={PATH}>
          {(sampled) => (
            <Drafted inForce={inForce}>
              {(draft) => (
                <Tabs
                  selectedKey={tab}
                  onSelectionChange={(key) => {
                    setTab(TABS.find((name) => name === key) ?? 'edit')
                  }}
                >
                  <TabList
                    aria-label={t('tabs.label')}
                    className="flex flex-wrap gap-x-1 border-b-2 border-key-900"
                  >
                    {TABS.map((name) => (
                      <Tab key={name} id={name} className={TAB}>
                        {t(`tabs.${name}`)}
                        {name === 'changes' &&
                          draft.changes.length > 0 &&
                          ` (${draft.changes.length})`}
                      </Tab>
                    ))}
                  </TabList>
                  {/* Kept, so that leaving the tab loses neither the cursor nor what can be undone. */}
                  <TabPanel id="edit" shouldForceMount className={`${PANEL} data-[inert]:hidden`}>
                    <EditPanel draft={draft} people={sampled} />
                  </TabPanel>
                  <TabPanel id="changes" className={PANEL}>
                    <ChangesPanel
                      draft={draft}
                      onProposed={() => {
                        setTab('proposals')
                      }}
                    />
                  </TabPanel>
                  <TabPanel id="proposals" className={PANEL}>
                    <ProposalsPanel draft={draft} onPublished={policy.again} />
                  </TabPanel>
                  <TabPanel id="releases" className={PANEL}>
                    <ReleasesPanel />
                  </TabPanel>
                  <TabPanel id="decisions" className={PANEL}>
                    <DecisionsPanel />
                  </TabPanel>
                </Tabs>
              )}
            </Drafted>
          )}
        </Answered>
      )}
    </Answered>
  )
}

const TAB =
  'flex min-h-12 cursor-pointer items-center rounded-t-8 px-3 text-dns-16N-130 outline-offset-[-4px] hover:bg-solid-gray-50 data-[selected]:bg-key-900 data-[selected]:font-700 data-[selected]:text-white'
const PANEL = 'space-y-6 pt-4'

function Drafted(props: {
  readonly inForce: Parameters<typeof useDraft>[0]
  readonly children: (draft: ReturnType<typeof useDraft>) => ReactNode
}) {
  return props.children(useDraft(props.inForce))
}
