import type { AssuranceFlag, AxisMinimum, Minimum, PolicyPort } from '../policy/ports.ts'
import { axisKey } from './registration.ts'

/**
 * The minimum that meets all of `minimums`: per axis the higher level, every flag, the shortest age. So a request can raise
 * a registered floor and never lower it.
 */
export function raiseMinimum(
  compare: PolicyPort['compareLevels'],
  ...minimums: readonly Minimum[]
): Minimum {
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
