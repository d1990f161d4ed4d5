export interface LocalizedText {
  readonly ja: string
  readonly en: string
}

/** How far a claim singles a person out: by itself, together with others, or not beyond a large group. */
type ClaimClass = 'direct' | 'quasi' | 'herd'

export interface ClaimDefinition {
  readonly name: string
  /** Ours; a relying party cannot put its own words over what it asks for. */
  readonly label: LocalizedText
  readonly claimClass: ClaimClass
  /** Claims that this one can be derived from. */
  readonly parents: readonly string[]
}

/** Ages that may be asked for. A free limit would be an oracle for the birth date. */
export const AGE_THRESHOLDS = [13, 15, 18, 20, 60, 65] as const

/** Different age limits that one sector may learn about one persona. */
export const THRESHOLD_BUDGET = 2

/** Every claim there is, in the order in which pages and releases list them. */
export const CATALOGUE: readonly ClaimDefinition[] = [
  claim('name', '氏名', 'Name', 'direct'),
  claim('family_name', '氏', 'Family name', 'direct', 'name'),
  claim('given_name', '名', 'Given name', 'direct', 'name'),
  claim('address', '住所', 'Address', 'direct'),
  claim('muni_code', '市区町村コード', 'Municipality code', 'quasi', 'address'),
  claim('municipality', '住んでいる市区町村', 'Municipality of residence', 'quasi', 'muni_code'),
  claim('pref_code', '都道府県コード', 'Prefecture code', 'quasi', 'muni_code'),
  claim('birthdate', '生年月日', 'Date of birth', 'quasi'),
  claim('birth_year', '生まれた年', 'Year of birth', 'quasi', 'birthdate'),
  ...AGE_THRESHOLDS.map((age) =>
    claim(
      ageClaim(age),
      `${age}歳以上かどうか`,
      `Whether aged ${age} or over`,
      'herd',
      'birthdate',
    ),
  ),
  claim('gender', '性別', 'Gender', 'quasi'),
]

const BY_NAME = new Map(CATALOGUE.map((definition) => [definition.name, definition]))

/** The definition of a claim; undefined when there is no such claim. */
export function findClaim(name: string): ClaimDefinition | undefined {
  return BY_NAME.get(name)
}

/** Label of a claim; its bare name for one that an older catalogue had. */
export function claimLabel(name: string): LocalizedText {
  return BY_NAME.get(name)?.label ?? { ja: name, en: name }
}

export function ageClaim(age: number): string {
  return `age_over_${age}`
}

export function isAgeClaim(name: string): boolean {
  return AGE_THRESHOLDS.some((age) => ageClaim(age) === name)
}

/** a ⊑ b: `a` is `b`, or can be derived from it. Names that are not in the catalogue derive from nothing. */
export function derivableFrom(a: string, b: string): boolean {
  if (!BY_NAME.has(b)) return false
  if (a === b) return true
  return (BY_NAME.get(a)?.parents ?? []).some((parent) => derivableFrom(parent, b))
}

/** Sorts claim names as the catalogue does, so that the order tells nothing. */
export function inCatalogueOrder(names: Iterable<string>): string[] {
  const wanted = new Set(names)
  return CATALOGUE.flatMap(({ name }) => (wanted.has(name) ? [name] : []))
}

function claim(
  name: string,
  ja: string,
  en: string,
  claimClass: ClaimClass,
  ...parents: readonly string[]
): ClaimDefinition {
  return { name, label: { ja, en }, claimClass, parents }
}
