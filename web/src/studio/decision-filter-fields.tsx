import { useTranslation } from 'react-i18next'
import { chosen, CHOICES, type DecisionFilter, type FieldName } from './decision-filter.ts'
import { Field, Select } from './fields.tsx'

interface FilterProps {
  readonly filter: DecisionFilter
  readonly onChange: (filter: DecisionFilter) => void
}

const FIRST: readonly FieldName[] = ['occasion', 'relyingParty', 'from', 'until']
const MORE: readonly FieldName[] = ['satisfied', 'subject', 'framework', 'axis', 'rule']

/** Fields that say which decisions of the log are meant; the rarer ones are to be opened. */
export function DecisionFilterFields(props: FilterProps) {
  const { t } = useTranslation('studio')
  const grid = 'grid gap-4 sm:grid-cols-2 lg:grid-cols-4'
  return (
    <div className="space-y-3">
      <div className={grid}>
        {FIRST.map((name) => (
          <FilterField key={name} name={name} {...props} />
        ))}
      </div>
      <details>
        <summary className="inline-block min-h-11 cursor-pointer py-2 link">
          {t('decisions.moreFields')}
        </summary>
        <div className={`pt-2 ${grid}`}>
          {MORE.map((name) => (
            <FilterField key={name} name={name} {...props} />
          ))}
        </div>
      </details>
    </div>
  )
}

function FilterField(props: FilterProps & { readonly name: FieldName }) {
  const { t } = useTranslation('studio')
  const { filter, name, onChange } = props
  const label = t(`decisions.${name}`)
  switch (name) {
    case 'occasion':
      return (
        <Select
          label={label}
          value={filter.occasion}
          groups={[
            { value: '', name: t('decisions.any') },
            ...CHOICES[name].map((value) => ({ value, name: t(`decisions.occasions.${value}`) })),
          ]}
          onChange={(value) => {
            onChange({ ...filter, occasion: chosen(CHOICES.occasion, value) })
          }}
        />
      )
    case 'satisfied':
      return (
        <Select
          label={label}
          value={filter.satisfied}
          groups={[
            { value: '', name: t('decisions.any') },
            ...CHOICES[name].map((value) => ({ value, name: t(`decisions.enough.${value}`) })),
          ]}
          onChange={(value) => {
            onChange({ ...filter, satisfied: chosen(CHOICES.satisfied, value) })
          }}
        />
      )
    default:
      return (
        <Field
          label={label}
          type={name === 'from' || name === 'until' ? 'date' : 'text'}
          value={filter[name]}
          onChange={(value) => {
            onChange({ ...filter, [name]: value })
          }}
        />
      )
  }
}
