import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { Place } from '../../../services/policy/language/diagnostic.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import type { SamplePerson } from '../api/policy.ts'
import { Warning } from '../parts/notice.tsx'
import { Text } from '../parts/page.tsx'
import { AnalysisPanel } from './analysis-panel.tsx'
import { Editor, useChecked } from './checked-editor.tsx'
import { DocumentActions, DocumentChoice, firstOf } from './document-choice.tsx'
import type { Draft } from './draft.ts'
import { ImpactPanel } from './impact-panel.tsx'
import { SamplesPanel } from './samples-panel.tsx'
import { optionsOf, SampleScorer } from './sample-scores.ts'
import { TablePanel } from './table-panel.tsx'
import { folderOf, Workbench, type Documents } from './workbench.ts'

/** The pack that says with which options the product uses the others. */
const PRODUCT = 'watashi-default'

const VIEWS = ['samples', 'table', 'analysis', 'impact'] as const

/** A document under the editor, what is wrong with it, and beside it what the rules do. */
export function EditPanel(props: {
  readonly draft: Draft
  readonly people: readonly SamplePerson[]
}) {
  const { t } = useTranslation('studio')
  const { draft, people } = props
  const [path, setPath] = useState(() => firstOf(draft))
  const [target, setTarget] = useState<Place>()
  const [view, setView] = useState<(typeof VIEWS)[number]>('samples')
  const checked = useChecked(draft.documents, path)
  const base = usePackInForce(draft.base, path)
  const removed = !draft.documents.has(path)
  function goTo(place: Place): void {
    setPath(place.file)
    // Another object each time: to the same place once more is a step as well.
    setTarget({ ...place })
  }
  return (
    <div
      className={`grid grid-cols-1 gap-6 ${view === 'table' ? 'lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]' : 'lg:grid-cols-2'}`}
    >
      <div className="space-y-4">
        {draft.stale && (
          <Warning>
            <p>{t('edit.stale')}</p>
          </Warning>
        )}
        <DocumentChoice draft={draft} path={path} onChoose={setPath} />
        {removed ? (
          <Text>{t('edit.removed')}</Text>
        ) : (
          <Editor
            key={`${path} ${draft.restored}`}
            draft={draft}
            path={path}
            checked={checked}
            target={target?.file === path ? target : undefined}
          />
        )}
        <DocumentActions draft={draft} path={path} onChoose={setPath} />
      </div>
      <Tabs
        selectedKey={view}
        onSelectionChange={(key) => {
          setView(VIEWS.find((name) => name === key) ?? 'samples')
        }}
      >
        <TabList
          aria-label={t('views.label')}
          className="flex flex-wrap gap-x-1 border-b border-solid-gray-420"
        >
          {VIEWS.map((name) => (
            <Tab key={name} id={name} className={VIEW}>
              {t(`views.${name}`)}
            </Tab>
          ))}
        </TabList>
        <TabPanel id="samples">
          <Samples
            pack={checked.lastPack}
            faulty={checked.pack === undefined}
            people={people}
            draft={draft}
            base={base}
          />
        </TabPanel>
        <TabPanel id="table">
          <TablePanel pack={checked.lastPack} faulty={checked.pack === undefined} onGoTo={goTo} />
        </TabPanel>
        <TabPanel id="analysis">
          <AnalysisPanel
            path={path}
            pack={checked.pack}
            lastPack={checked.lastPack}
            base={base}
            draft={draft}
            onGoTo={goTo}
          />
        </TabPanel>
        <TabPanel id="impact">
          <ImpactPanel draft={draft} faulty={checked.diagnostics.length > 0} />
        </TabPanel>
      </Tabs>
    </div>
  )
}

const VIEW =
  'flex min-h-11 cursor-pointer items-center px-3 text-dns-16N-130 outline-offset-[-4px] hover:bg-solid-gray-50 data-[selected]:border-b-4 data-[selected]:border-key-900 data-[selected]:font-700'

function Samples(props: {
  readonly pack: Pack | undefined
  readonly faulty: boolean
  readonly people: readonly SamplePerson[]
  readonly draft: Draft
  readonly base: Pack | undefined
}) {
  const { pack, people, draft, base } = props
  return (
    <SamplesPanel
      pack={pack}
      faulty={props.faulty}
      scores={useScores(pack, people, draft.documents)}
      before={useScores(base, people, draft.base)?.people}
    />
  )
}

function useScores(pack: Pack | undefined, people: readonly SamplePerson[], documents: Documents) {
  const product = useRef(new Workbench())
  const [at] = useState(() => Math.floor(Date.now() / 1000))
  return useMemo(() => {
    if (pack === undefined) return undefined
    const uses = product.current.checkRules(documents, PRODUCT).pack
    const scorer = new SampleScorer(pack, optionsOf(pack.framework, [uses]), at)
    return { scorer, people: scorer.all(people) }
  }, [pack, people, documents, at])
}

/** The framework as it is in force, to be compared with. */
function usePackInForce(base: Documents, path: string): Pack | undefined {
  const workbench = useRef(new Workbench())
  return useMemo(() => workbench.current.checkRules(base, folderOf(path)).pack, [base, path])
}
