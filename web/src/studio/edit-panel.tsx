import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Pack } from '../../../services/policy/language/pack.ts'
import type { SamplePerson } from '../api/policy.ts'
import { Warning } from '../parts/notice.tsx'
import { Text } from '../parts/page.tsx'
import { Editor, useChecked } from './checked-editor.tsx'
import { DocumentActions, DocumentChoice, firstOf } from './document-choice.tsx'
import type { Draft } from './draft.ts'
import { SamplesPanel } from './samples-panel.tsx'
import { optionsOf, SampleScorer } from './sample-scores.ts'
import { folderOf, Workbench, type Documents } from './workbench.ts'

/** The pack that says with which options the product uses the others. */
const PRODUCT = 'watashi-default'

/** A document under the editor, what is wrong with it, and beside it what the sample people get. */
export function EditPanel(props: {
  readonly draft: Draft
  readonly people: readonly SamplePerson[]
}) {
  const { t } = useTranslation('studio')
  const { draft, people } = props
  const [path, setPath] = useState(() => firstOf(draft))
  const checked = useChecked(draft.documents, path)
  const removed = !draft.documents.has(path)
  return (
    <div className="grid gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
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
          <Editor key={`${path} ${draft.restored}`} draft={draft} path={path} checked={checked} />
        )}
        <DocumentActions draft={draft} path={path} onChoose={setPath} />
      </div>
      <SamplesPanel
        pack={checked.lastPack}
        faulty={checked.pack === undefined}
        scores={useScores(checked.lastPack, people, draft.documents)}
        before={useScoresInForce(draft.base, path, people)}
      />
    </div>
  )
}

function useScores(pack: Pack | undefined, people: readonly SamplePerson[], documents: Documents) {
  const product = useRef(new Workbench())
  const [at] = useState(() => Math.floor(Date.now() / 1000))
  return useMemo(() => {
    if (pack === undefined) return undefined
    const uses = product.current.check(documents, PRODUCT).pack
    const scorer = new SampleScorer(pack, optionsOf(pack.framework, [uses]), at)
    return { scorer, people: scorer.all(people) }
  }, [pack, people, documents, at])
}

/** The same under the policy in force, to be compared with. */
function useScoresInForce(base: Documents, path: string, people: readonly SamplePerson[]) {
  const workbench = useRef(new Workbench())
  const { pack } = useMemo(() => workbench.current.check(base, folderOf(path)), [base, path])
  return useScores(pack, people, base)?.people
}
