import { InvalidInput } from '../kernel/errors.ts'

export interface Municipality {
  /** Shaped like 全国地方公共団体コード; prefecture 99 does not exist. */
  readonly code: string
  /** Romaji as the certificate's two L RDNs and its CRL's name have them. */
  readonly prefecture: string
  readonly city: string
  /** Beginning of an address there. */
  readonly addressPrefix: string
  readonly name: { readonly ja: string; readonly en: string }
}

/** The simulator's towns. All invented. */
export const MUNICIPALITIES: readonly Municipality[] = [
  {
    code: '99201',
    prefecture: 'Mogi-ken',
    city: 'Midorikawa-shi',
    addressPrefix: '模擬県翠川市',
    name: { ja: '模擬県翠川市', en: 'Midorikawa City' },
  },
  {
    code: '99202',
    prefecture: 'Mogi-ken',
    city: 'Shiomi-shi',
    addressPrefix: '模擬県汐見市',
    name: { ja: '模擬県汐見市', en: 'Shiomi City' },
  },
  {
    code: '99301',
    prefecture: 'Mogi-ken',
    city: 'Hoshino-machi',
    addressPrefix: '模擬県星野町',
    name: { ja: '模擬県星野町', en: 'Hoshino Town' },
  },
]

/** The town with this code; `InvalidInput` naming the known ones otherwise. */
export function municipality(code: string): Municipality {
  const found = MUNICIPALITIES.find((town) => town.code === code)
  if (!found) {
    const known = MUNICIPALITIES.map((town) => town.code).join(', ')
    throw new InvalidInput('municipality', `one of ${known}`)
  }
  return found
}
