import {
  AssuranceFlag as FlagMessage,
  type MinimumAssurance,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { AskedMinimum, AssuranceFlag } from '../policy/ports.ts'

const FLAGS: ReadonlyMap<number, AssuranceFlag> = new Map([
  [FlagMessage.ASSURANCE_FLAG_PHISHING_RESISTANT, 'phishing_resistant'],
  [FlagMessage.ASSURANCE_FLAG_DEVICE_BOUND, 'device_bound'],
])

const MAX_AXES = 20

export function readMinimum(message: MinimumAssurance | undefined): AskedMinimum {
  if (message === undefined) return { axes: [], flags: [] }
  if (message.axes.length > MAX_AXES) {
    throw new InvalidInput('minimum.axes', `at most ${MAX_AXES} axes`)
  }
  const flags = message.flags.map((number, i) => {
    // Generated code lets any number through; one that is not known must not be passed over.
    const flag = FLAGS.get(number)
    if (flag === undefined) {
      throw new InvalidInput(`minimum.flags[${i}]`, `one of ${[...FLAGS.values()].join(', ')}`)
    }
    return flag
  })
  const { maxAgeSeconds, profile, vectors } = message
  return {
    axes: message.axes.map(({ framework, axis, level }) => ({ framework, axis, level })),
    flags: [...new Set(flags)],
    ...(maxAgeSeconds > 0 && { maxAgeSeconds }),
    profile,
    vectors,
  }
}

export function readSubject(text: string, path: string): string {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw new InvalidInput(path, 'a pairwise subject')
  return text
}

export function readId(text: string, path: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidInput(path, 'an id that was given')
  return text
}

export function readLocale(text: string): 'ja' | 'en' {
  if (text === 'ja' || text === 'en') return text
  throw new InvalidInput('locale', '`ja` or `en`')
}
