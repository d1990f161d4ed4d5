import { useTranslation } from 'react-i18next'
import type { PersonaKind } from '../api/wallet.ts'

type Named = { readonly kind: PersonaKind; readonly label: string }

/** The name that the person gave it; until then its kind, in the language of the page. */
export function usePersonaLabel(): (persona: Named) => string {
  const { t } = useTranslation()
  return ({ kind, label }) =>
    label === t(`personas.${kind}.atFirst`) ? t(`personas.${kind}.name`) : label
}

/** A persona by the name the person gave it, and its kind where the name does not say it. */
export function PersonaName(props: {
  readonly persona: Named
  /** Chosen for this service at an earlier visit. */
  readonly fixed?: boolean
}) {
  const { t } = useTranslation()
  const kind = t(`personas.${props.persona.kind}.name`)
  const label = usePersonaLabel()(props.persona)
  return (
    <>
      {label === kind ? label : `${label} (${kind})`}
      {props.fixed === true && (
        <span className="block text-dns-14N-130 leading-160 text-solid-gray-700">
          {t('authorize.personaFixed')}
        </span>
      )}
    </>
  )
}
