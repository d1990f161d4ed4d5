import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { visitOf } from './card-visit.ts'
import { Waiting } from './notice.tsx'
import { Section, Text } from './page.tsx'
import { leaveFor } from './return-path.ts'

/** How often a page asks whether the card was judged, and for how long by itself. */
export const CARD_POLLING = { interval: 1_000, tries: 30 } as const
/** A tap is usually judged by now; who has not used the card need not wait any longer. */
const PATIENT_ROUNDS = 3

/** The card's judgement is awaited; `children` are the other ways on, offered soon with the way back to the card. */
export function CardWaiting(props: {
  readonly ticket: string
  readonly rounds: number
  readonly exhausted: boolean
  readonly again: () => void
  readonly children: ReactNode
}) {
  const { t } = useTranslation()
  const agentUrl = visitOf(props.ticket)
  return (
    <>
      {props.exhausted ? (
        <div role="status" className="space-y-4">
          <p className="text-std-16B-170">{t('enrolReturn.slowTitle')}</p>
          <Text>{t('enrolReturn.slowText')}</Text>
          <Button kind="secondary" onPress={props.again}>
            {t('enrolReturn.checkAgain')}
          </Button>
        </div>
      ) : (
        <Waiting text={t('enrolReturn.checkingText')} />
      )}
      {props.rounds >= PATIENT_ROUNDS && (
        <Section title={t('cardWaiting.title')}>
          <Text>{t('cardWaiting.text')}</Text>
          <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
            {agentUrl !== undefined && (
              <Button
                onPress={() => {
                  leaveFor(agentUrl)
                }}
              >
                {t('cardWaiting.back')}
              </Button>
            )}
            {props.children}
          </div>
        </Section>
      )}
    </>
  )
}
