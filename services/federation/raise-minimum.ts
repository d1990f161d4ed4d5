import type {
  AssuranceFlag,
  AxisMinimum,
  Minimum,
  OpenMinimum,
  PolicyPort,
  ReadMinimum,
} from '../policy/ports.ts'
import { axisKey } from './registration.ts'

/**
 * The registered floors raised by what a request asks for: it can never lower them. Each vector of the request is raised alike,
 * so that one that asks for little takes nothing from the floor.
 */
export function raiseMinimum(
  compare: PolicyPort['compareLevels'],
  floors: readonly Minimum[],
  { own, profile, vectors }: ReadMinimum,
): OpenMinimum {
  const always = [...floors, own, ...(profile === undefined ? [] : [profile])]
  const plain = joinMinimums(compare, always)
  if (vectors.length === 0) return plain
  const anyOf = vectors.map(({ vector, minimums }) => ({
    ...joinMinimums(compare, [...always, ...minimums]),
    vector,
  }))
  return { ...plain, anyOf }
}

/** The minimum that meets all of `minimums`: per axis the higher level, every flag, the shortest age. */
function joinMinimums(compare: PolicyPort['compareLevels'], minimums: readonly Minimum[]): Minimum {
  const axes = new Map<string, AxisMinimum>()
  const flags = new Set<AssuranceFlag>()
  let maxAgeSeconds: number | undefined
  for (const minimum of minimums) {
    for (const wanted of minimum.axes) {
      const known = axes.get(axisKey(wanted))
      const higher =
        known === undefined || compare(wanted.framework, wanted.axis, wanted.level, known.level) > 0
      if (higher) axes.set(axisKey(wanted), wanted)
    }
    for (const flag of minimum.flags) flags.add(flag)
    const age = minimum.maxAgeSeconds
    if (age !== undefined) maxAgeSeconds = Math.min(age, maxAgeSeconds ?? age)
  }
  return {
    axes: [...axes.values()],
    flags: [...flags],
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  }
}
