import type { Axis, AxisRef, PackUse } from '../language/pack.ts'
import type { NamedAxes } from '../language/read-names.ts'

/** The axes that a pack lets relying parties ask for, as documents name them. */
export function offeredAxes(
  uses: readonly PackUse[],
  axisOf: (framework: string, axis: string) => Axis,
): NamedAxes {
  const offered: readonly AxisRef[] = uses.flatMap(({ person, ceremony }) => [
    ...person,
    ...ceremony,
  ])
  return {
    ids: [...new Set(offered.map(({ framework }) => framework))],
    axesOf: (framework) =>
      new Map(
        offered
          .filter((ref) => ref.framework === framework)
          .map(({ axis }) => [axis, axisOf(framework, axis)]),
      ),
  }
}
