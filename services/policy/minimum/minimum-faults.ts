import { fault, type Fault } from '../language/diagnostic.ts'
import { meantOrKnown } from '../language/hints.ts'

export function axisTwice(axis: string): Fault {
  return fault('duplicate-id', {
    ja: `軸 \`${axis}\` はすでにあります`,
    en: `axis \`${axis}\` is named already`,
  })
}

export function axisWithoutLevels(axis: string): Fault {
  return fault('wrong-form', {
    ja: `軸 \`${axis}\` に段階はありません`,
    en: `axis \`${axis}\` has no levels`,
  })
}

export function unknownFlag(name: string, known: readonly string[]): Fault {
  return fault(
    'enum-member',
    { ja: `\`flags\` に \`${name}\` という値はありません`, en: `unknown flag \`${name}\`` },
    meantOrKnown(name, known),
  )
}

export function unknownProfile(id: string, known: Iterable<string>): Fault {
  return fault(
    'unknown-rule',
    { ja: `名前付きの最小条件 \`${id}\` はありません`, en: `unknown profile \`${id}\`` },
    meantOrKnown(id, known),
  )
}

export function oddProfileId(id: string): Fault {
  return fault('wrong-form', {
    ja: `\`${id}\` は小文字と数字で書きます`,
    en: `\`${id}\` must be small letters and digits`,
  })
}

export function profileTwice(id: string): Fault {
  return fault('duplicate-id', {
    ja: `名前付きの最小条件 \`${id}\` はすでに定義されています`,
    en: `profile \`${id}\` is defined already`,
  })
}

export function profileAsksNothing(id: string): Fault {
  return fault('missing-key', {
    ja: `名前付きの最小条件 \`${id}\` は何も求めていません`,
    en: `profile \`${id}\` asks for nothing`,
  })
}

export function oddAge(most: number): Fault {
  return fault('wrong-form', {
    ja: `1 から ${most} までの秒数が必要です`,
    en: `expected seconds, 1 to ${most}`,
  })
}

export function notOneTrustmark(id: string, found: number, known: readonly string[]): Fault {
  return fault(
    'unknown-rule',
    {
      ja: `トラストマーク \`${id}\` は一つ必要ですが、${found} 個です`,
      en: `expected one trustmark \`${id}\`, found ${found}`,
    },
    meantOrKnown(id, known),
  )
}

export function trustmarkNotInForce(id: string): Fault {
  return fault('unknown-rule', {
    ja: `トラストマーク \`${id}\` は、いま有効なものではありません`,
    en: `trustmark \`${id}\` is not the one in force`,
  })
}

export function oddComponentValue(key: string): Fault {
  return fault(
    'wrong-form',
    {
      ja: `\`${key}\` は信頼ベクトルの要素の値ではありません`,
      en: `\`${key}\` is no value of a component`,
    },
    {
      ja: 'P、C、M、A のどれかに数字か小文字を続けます（`P1` など）',
      en: 'one of P, C, M and A with a digit or a small letter, such as `P1`',
    },
  )
}

export function valueCitesNothing(key: string): Fault {
  return fault('missing-cites', {
    ja: `値 \`${key}\` に根拠の条項がありません`,
    en: `value \`${key}\` cites no clause`,
  })
}
