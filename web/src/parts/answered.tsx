import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Asked } from './asking.ts'
import { Button } from './button.tsx'
import { LogInPanel } from './log-in-panel.tsx'
import { ErrorNotice, Waiting } from './notice.tsx'
import { Text } from './page.tsx'

/** Shows an answer of the API, or that it is under way, or what went wrong; whoever is not logged in can do so in place. */
export function Answered<Value>(props: {
  readonly asked: Asked<Value>
  /** Path of this page, for coming back after a login by card. */
  readonly path: string
  readonly children: (value: Value) => ReactNode
}) {
  const { t } = useTranslation()
  const { answer, again } = props.asked
  switch (answer.state) {
    case 'waiting':
      return <Waiting />
    case 'ready':
      return props.children(answer.value)
    case 'failed':
      if (answer.failure.code === 'UNAUTHENTICATED')
        return (
          <>
            <Text>{t('login.needed')}</Text>
            <LogInPanel next={props.path} onLoggedIn={again} />
          </>
        )
      return (
        <ErrorNotice failure={answer.failure}>
          <Button kind="secondary" small onPress={again}>
            {t('common.retry')}
          </Button>
        </ErrorNotice>
      )
  }
}
