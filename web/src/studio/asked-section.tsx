import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Section, Small, Text } from '../parts/page.tsx'

export interface AskedSectionProps<About, Answer> {
  readonly title: string
  readonly text: string
  /** Words of the button, before and while it is asked. */
  readonly ask: string
  readonly asking: string
  /** What is asked about; an answer about another object is shown as outdated. */
  readonly about: About
  readonly answer: (about: About) => Promise<Answer>
  /** Stands over the button. */
  readonly fields?: ReactNode
  readonly children: (answer: Answer) => ReactNode
}

/** A question about the draft that is asked by a button, with its last answer. */
export function AskedSection<About, Answer>(props: AskedSectionProps<About, Answer>) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [found, setFound] = useState<{ readonly about: About; readonly answer: Answer }>()
  const { about } = props
  return (
    <Section title={props.title}>
      <Small>{props.text}</Small>
      {props.fields}
      <Button
        kind="secondary"
        busy={action.busy}
        busyText={props.asking}
        onPress={() => {
          action.run(async () => {
            setFound({ about, answer: await props.answer(about) })
          })
        }}
      >
        {props.ask}
      </Button>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {found !== undefined && found.about !== about && <Text>{t('changes.outdated')}</Text>}
      {found !== undefined && props.children(found.answer)}
    </Section>
  )
}
