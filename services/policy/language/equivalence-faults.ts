import { fault, type Fault } from './diagnostic.ts'
import { writeForm } from './hints.ts'

export function tooManyEquivalences(most: number): Fault {
  return fault('too-large', {
    ja: `等価が ${most} 個を超えています`,
    en: `more than ${most} equivalences`,
  })
}

export function equivalenceCitesNothing(id: string): Fault {
  return fault('missing-cites', {
    ja: `等価 \`${id}\` に根拠の条項がありません`,
    en: `equivalence \`${id}\` cites no clause`,
  })
}

export const WITHIN_ONE_FRAMEWORK = fault('wrong-form', {
  ja: '等価は二つのフレームワークの間のものです：一つの中では規則を書きます',
  en: 'an equivalence is between two frameworks: within one write a rule',
})

/** `right` is the key for an axis of that kind. */
export function keyOfOtherAxes(key: string, axis: string, right: string): Fault {
  return fault(
    'unknown-key',
    {
      ja: `鍵 \`${key}\` は軸 \`${axis}\` では使えません`,
      en: `unknown key \`${key}\` for axis \`${axis}\``,
    },
    writeForm(right),
  )
}

export function axisWithoutLevel(axis: string): Fault {
  return fault(
    'wrong-form',
    { ja: `軸 \`${axis}\` に段階はありません`, en: `axis \`${axis}\` has no level` },
    {
      ja: '等価は段階か方法を読み、段階を与えます',
      en: 'an equivalence reads a level or a method, and gives a level',
    },
  )
}
