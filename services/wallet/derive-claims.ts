import { hasReachedAge } from './age.ts'
import { AGE_THRESHOLDS, ageClaim, type LocalizedText } from './catalogue.ts'
import type { SealedAttributes } from './ports.ts'

/** One row of the table of municipalities. */
export interface Municipality {
  /** 全国地方公共団体コード without check digit. */
  readonly code: string
  /** Romaji as certificates name it. */
  readonly prefecture: string
  readonly city: string
  /** Beginning of every address there. */
  readonly addressPrefix: string
  readonly name: LocalizedText
}

export const ATTRIBUTE_NAMES = ['name', 'address', 'birthdate', 'gender', 'municipality'] as const
/** What is kept of a person; claims are derived from it when they are asked for. */
export type AttributeName = (typeof ATTRIBUTE_NAMES)[number]

interface KeptAttribute<Value> {
  readonly value: Value
  readonly asOf: string
  readonly stale: boolean
}

export type KeptAttributes = {
  readonly [N in AttributeName]?: KeptAttribute<NonNullable<SealedAttributes[N]>>
}

export interface ClaimValue {
  readonly value: string | boolean
  readonly asOf: string
  readonly stale: boolean
  readonly quality: 'exact' | 'substituted'
}

/** Every claim that has a value at `at`. What cannot be told for certain has none. */
export function deriveClaims(
  kept: KeptAttributes,
  municipalities: readonly Municipality[],
  at: Date,
): ReadonlyMap<string, ClaimValue> {
  const claims = new Map<string, ClaimValue>()
  const put = (
    name: string,
    value: string | boolean | undefined,
    from: KeptAttribute<unknown>,
    substituted = false,
  ): void => {
    const { asOf, stale } = from
    if (value === undefined) return
    claims.set(name, { value, asOf, stale, quality: substituted ? 'substituted' : 'exact' })
  }
  const { name, address, birthdate, gender } = kept
  if (name) {
    const { value, substituted } = name.value
    const [family, given] = splitName(value)
    put('name', value, name, substituted)
    put('family_name', family, name, substituted)
    put('given_name', given, name, substituted)
  }
  if (address) put('address', address.value.value, address, address.value.substituted)
  if (birthdate) {
    put('birthdate', birthdate.value, birthdate)
    put('birth_year', birthdate.value.slice(0, 4), birthdate)
    for (const age of AGE_THRESHOLDS) {
      put(ageClaim(age), hasReachedAge(birthdate.value, age, at), birthdate)
    }
  }
  if (gender) put('gender', genderValue(gender.value), gender)
  const town = findMunicipality(kept, municipalities)
  const source = kept.municipality ?? address
  if (town && source) {
    const both = { asOf: source.asOf, stale: source.stale || (address?.stale ?? false) }
    put('muni_code', town.code, { ...both, value: town })
    put('municipality', town.name.ja, { ...both, value: town })
    put('pref_code', town.code.slice(0, 2), { ...both, value: town })
  }
  return claims
}

/** Family and given name stand on either side of one U+3000; otherwise nobody can tell. */
function splitName(name: string): readonly [string?, string?] {
  const parts = name.split('\u3000')
  const [family, given] = parts
  return parts.length === 2 && family && given ? [family, given] : []
}

/** OpenID Connect Core §5.1 defines `male` and `female` and leaves others open. */
function genderValue(code: string): string | undefined {
  switch (code) {
    case '1':
      return 'male'
    case '2':
      return 'female'
    case '0':
    case '3':
      return 'unknown'
    case '9':
      return 'not_applicable'
    default:
      return undefined
  }
}

/** Undefined when the table does not know the place, or certificate and address disagree: never guessed. */
function findMunicipality(
  { municipality, address }: KeptAttributes,
  municipalities: readonly Municipality[],
): Municipality | undefined {
  // A stand-in character may hide a difference, so such an address is not compared.
  const comparable = address && !address.value.substituted ? address.value.value : undefined
  const byAddress = comparable === undefined ? undefined : longestPrefix(comparable, municipalities)
  if (!municipality) return byAddress
  const { prefecture, city } = municipality.value
  const named = municipalities.filter((m) => m.prefecture === prefecture && m.city === city)
  const town = exactlyOne(named)
  return comparable === undefined || byAddress === town ? town : undefined
}

function longestPrefix(
  address: string,
  municipalities: readonly Municipality[],
): Municipality | undefined {
  const matching = municipalities.filter((m) => address.startsWith(m.addressPrefix))
  const longest = Math.max(...matching.map((m) => m.addressPrefix.length))
  return exactlyOne(matching.filter((m) => m.addressPrefix.length === longest))
}

function exactlyOne<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined
}
