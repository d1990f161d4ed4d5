import { useTranslation } from 'react-i18next'
import { liveImpact, type DocumentChange, type Impact } from '../api/policy.ts'
import { useLatest } from '../parts/asking.ts'
import { QuietFailure, Waiting } from '../parts/notice.tsx'
import { Section, Small, Text } from '../parts/page.tsx'
import type { Draft } from './draft.ts'
import { ImpactView } from './impact-view.tsx'

/** Milliseconds without a key before the server is asked. */
const PAUSE = 60
/** Milliseconds until it is asked again while it reads everybody. */
const READING = 500

interface Counted {
  readonly complete: boolean
  readonly impact: Impact
}

/** Whom the rules as written raise and lower, while they are written. */
export function ImpactPanel({
  draft,
  faulty,
}: {
  readonly draft: Draft
  readonly faulty: boolean
}) {
  const { t } = useTranslation('studio')
  const { changes } = draft
  const asked = faulty || changes.length === 0 ? undefined : changes
  const { found, failure } = useLatest(asked, counted, PAUSE)
  return (
    <Section title={t('changes.impactTitle')}>
      <Small>{t('impact.text')}</Small>
      {changes.length === 0 && <Text>{t('changes.none')}</Text>}
      {faulty && <Small>{t('samples.none')}</Small>}
      {failure !== undefined && <QuietFailure failure={failure} />}
      {asked !== undefined && failure === undefined && found === undefined && (
        <Waiting text={t('impact.reading')} />
      )}
      {changes.length > 0 && found !== undefined && (
        <>
          {!found.value.complete && <Text>{t('impact.incomplete')}</Text>}
          <ImpactView impact={found.value.impact} />
        </>
      )}
    </Section>
  )
}

/** Asks until everybody was read. */
async function counted(changes: readonly DocumentChange[], left: AbortSignal): Promise<Counted> {
  for (;;) {
    const answer = await liveImpact(changes, left)
    if (answer.state === 'counted') return answer
    await new Promise((resolve) => setTimeout(resolve, READING))
  }
}
