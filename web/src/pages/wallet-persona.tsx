import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button as AriaButton, Disclosure, DisclosurePanel } from 'react-aria-components'
import { FieldError, Form, Heading, Input, Label, TextField } from 'react-aria-components'
import { updatePersona, type Persona } from '../api/wallet.ts'
import { useAction } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { Checkbox } from '../parts/choice.tsx'
import { Announcement, ErrorNotice } from '../parts/notice.tsx'
import { Small, Text } from '../parts/page.tsx'
import { PersonaName, usePersonaLabel } from '../parts/persona-name.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

export interface PersonaProps {
  readonly persona: Persona
  readonly onSaved: () => void
}

/** One persona: what it is for, how much it may share, and the form to change that. */
export function PersonaCard({ persona, onSaved }: PersonaProps) {
  const { t } = useTranslation()
  const ask = persona.allowance.filter(({ decision }) => decision === 'ask').length
  return (
    <Disclosure className="space-y-3 rounded-12 border border-solid-gray-420 p-4 sm:p-6">
      <Heading level={3} className="text-std-18B-160">
        <PersonaName persona={persona} />
      </Heading>
      <Text>{t(`personas.${persona.kind}.text`)}</Text>
      <Small>
        {persona.allowance.length === 0
          ? t('wallet.noAllowance')
          : t('wallet.counts', { ask, all: persona.allowance.length })}
      </Small>
      <AriaButton slot="trigger" className={buttonLook('secondary', true)}>
        {t('wallet.edit', { label: usePersonaLabel()(persona) })}
      </AriaButton>
      <DisclosurePanel>
        <PersonaForm persona={persona} onSaved={onSaved} />
      </DisclosurePanel>
    </Disclosure>
  )
}

function PersonaForm({ persona, onSaved }: PersonaProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const known = usePersonaLabel()(persona)
  const [label, setLabel] = useState(known)
  const [allowance, setAllowance] = useState(persona.allowance)
  const [saved, setSaved] = useState(false)
  const saving = useAction()
  function save(): void {
    setSaved(false)
    saving.run(async () => {
      await updatePersona(persona.personaId, {
        ...(label.trim() === known ? {} : { label: label.trim() }),
        allowance: allowance.map(({ claim, decision }) => ({ claim, decision })),
      })
      setSaved(true)
      onSaved()
    })
  }
  return (
    <Form
      className="space-y-4 border-t border-solid-gray-420 pt-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (label.trim() !== '') save()
      }}
    >
      <TextField
        value={label}
        onChange={setLabel}
        isInvalid={label.trim() === ''}
        maxLength={40}
        className="space-y-1"
      >
        <Label className="block text-std-16B-170">{t('wallet.name')}</Label>
        <Input className="min-h-12 w-full rounded-8 border border-solid-gray-600 bg-white px-4 text-std-16N-170" />
        <FieldError className="block text-dns-16N-130 text-error-2">
          {t('wallet.nameNeeded')}
        </FieldError>
      </TextField>
      {allowance.length === 0 ? (
        <Text>{t('wallet.noAllowance')}</Text>
      ) : (
        <fieldset>
          <legend className="text-std-16B-170">{t('wallet.allowance')}</legend>
          <Small>{t('wallet.allowanceText')}</Small>
          {allowance.map(({ claim, label: name, decision }) => (
            <Checkbox
              key={claim}
              checked={decision === 'ask'}
              onChange={(checked) => {
                setAllowance((all) =>
                  all.map((one) =>
                    one.claim === claim ? { ...one, decision: checked ? 'ask' : 'never' } : one,
                  ),
                )
              }}
            >
              {local(language, name)}
            </Checkbox>
          ))}
        </fieldset>
      )}
      {saving.failure && <ErrorNotice failure={saving.failure} />}
      <Announcement text={saved ? t('wallet.saved') : undefined} />
      <Button onPress={save} busy={saving.busy} disabled={label.trim() === ''}>
        {t('wallet.save')}
      </Button>
    </Form>
  )
}
