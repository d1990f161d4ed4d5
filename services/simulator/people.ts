/** 基本4情報 as the certificate holds them. */
export interface FourAttributes {
  /** 氏名: family and given name with U+3000 between. */
  readonly name: string
  /** 住所 from the prefecture on, figures and hyphens full-width. */
  readonly address: string
  /** `YYYY-MM-DD`, or nine raw digits where the register does not know the date. */
  readonly birthDate: string
  /** `1` male, `2` female, `3` not known. */
  readonly sex: string
  /** Positions of characters that stand for one which the certificate cannot hold. */
  readonly substitutedInName?: readonly number[]
  readonly substitutedInAddress?: readonly number[]
}

export interface SamplePins {
  /** 4 digits. */
  readonly authentication: string
  /** 6 to 16 of A–Z and 0–9. */
  readonly signature: string
  /** 4 digits, of 券面事項入力補助AP; that of `SAMPLE_PINS` when absent. */
  readonly text?: string
}

export interface NewPerson {
  /** Lower-case letters, digits and hyphens; names the card's folder. */
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
  readonly attributes: FourAttributes
  readonly municipalityCode: string
  /** `SAMPLE_PINS` when absent. */
  readonly pins?: SamplePins
  /** No 署名用 certificate on the card: under 15, or not wanted. */
  readonly withoutSignature?: boolean
  /** Certificates on a phone as well (スマホ用電子証明書). */
  readonly withPhone?: boolean
  /** When the card was handed over; now when absent. */
  readonly issuedAt?: Date
}

/** PINs of every sample card. They are no secret: they are printed on the issuer's desk. */
export const SAMPLE_PINS = {
  authentication: '1234',
  signature: 'ABC123',
  text: '1234',
} as const satisfies SamplePins

export const SAMPLE_PEOPLE = {
  happyPath: 'hanako',
  endsSoon: 'ichiro',
  moved: 'misaki',
  under15: 'yota',
} as const

/** What happened to a sample person before the start. */
export interface SamplePerson extends NewPerson {
  readonly issuedAt: Date
  /** Moved house then; the certificate of before is revoked as `affiliationChanged`. */
  readonly moved?: {
    readonly at: Date
    readonly address: string
    readonly municipalityCode: string
  }
}

const DAY = 24 * 60 * 60 * 1000

/** The four sample people, with ages and dates reckoned from the day of the first start. */
export function samplePeople(start: Date): readonly SamplePerson[] {
  return [
    {
      id: SAMPLE_PEOPLE.happyPath,
      title: { ja: '見本 花子（ふつうの方）', en: 'Hanako Mihon (the usual case)' },
      attributes: {
        name: '見本　花子',
        address: '模擬県翠川市若葉町１丁目２番３号',
        birthDate: born(start, 34, -120),
        sex: '2',
      },
      municipalityCode: '99201',
      withPhone: true,
      issuedAt: daysFrom(start, -200),
    },
    {
      id: SAMPLE_PEOPLE.endsSoon,
      title: {
        ja: '例示 一郎（証明書の期限が近い方）',
        en: 'Ichiro Reiji (certificate ends soon)',
      },
      attributes: {
        name: '例示　一郎',
        address: '模擬県星野町大字月見４５６番地',
        birthDate: born(start, 58, 12),
        sex: '1',
      },
      municipalityCode: '99301',
      // Four birthdays have passed since; the fifth, in twelve days, is the last day of the certificate.
      issuedAt: daysFrom(start, -(4 * 365 + 200)),
    },
    {
      id: SAMPLE_PEOPLE.moved,
      title: { ja: '試験 美咲（引っ越した方）', en: 'Misaki Shiken (moved house)' },
      attributes: {
        name: '試験　美咲',
        address: '模擬県翠川市川端町７番地８',
        birthDate: born(start, 27, 100),
        sex: '2',
      },
      municipalityCode: '99201',
      issuedAt: daysFrom(start, -400),
      moved: {
        at: daysFrom(start, -90),
        address: '模擬県汐見市港町３丁目１番１２号',
        municipalityCode: '99202',
      },
    },
    {
      id: SAMPLE_PEOPLE.under15,
      title: {
        ja: '見本 陽太（１５歳未満・署名用証明書なし）',
        en: 'Yota Mihon (under 15, no signature certificate)',
      },
      attributes: {
        name: '見本　陽太',
        address: '模擬県翠川市若葉町１丁目２番３号',
        birthDate: born(start, 10, -30),
        sex: '1',
      },
      municipalityCode: '99201',
      withoutSignature: true,
      issuedAt: daysFrom(start, -150),
    },
  ]
}

function daysFrom(start: Date, days: number): Date {
  return new Date(start.getTime() + days * DAY)
}

/** The birth date of who is `years` old `days` after `start`. */
function born(start: Date, years: number, days: number): string {
  const birthday = daysFrom(start, days)
  const date = new Date(
    Date.UTC(birthday.getUTCFullYear() - years, birthday.getUTCMonth(), birthday.getUTCDate()),
  )
  return date.toISOString().slice(0, 10)
}
