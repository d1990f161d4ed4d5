import { AccessDenied } from '../kernel/errors.ts'
import type { Minimum } from '../policy/ports.ts'
import { axisKey, type AxisName, type Registration } from './registration.ts'
import type { ToldAxis } from './store.ts'

/**
 * Axes of which a relying party may learn a person's level: those that its registration names in the floor or a purpose, and
 * those that it was told of this person in a completed request, which showed the person what it asked for.
 */
export function entitledAxes(
  { minimum, purposes }: Registration,
  told: readonly ToldAxis[],
): ReadonlyMap<string, AxisName> {
  const minimums = [minimum, ...purposes.map((purpose) => purpose.minimum)]
  const axes = [...minimums.flatMap((one) => one.axes), ...told]
  return new Map(axes.map((one) => [axisKey(one), { framework: one.framework, axis: one.axis }]))
}

/** @throws AccessDenied naming what may be asked, when a question names any other axis */
export function checkEntitled({ axes }: Minimum, entitled: ReadonlyMap<string, AxisName>): void {
  const beyond = axes.findIndex((axis) => !entitled.has(axisKey(axis)))
  if (beyond < 0) return
  const allowed = [...entitled.keys()].sort().join(', ') || 'none'
  throw new AccessDenied(
    'PERMISSION_DENIED',
    `minimum.axes[${beyond}]: expected an axis of your registration, or one that you were told of this person: ${allowed}`,
  )
}
