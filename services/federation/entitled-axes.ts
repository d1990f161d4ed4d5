import { AccessDenied } from '../kernel/errors.ts'
import type { AxisMinimum, PolicyPort, ReadMinimum } from '../policy/ports.ts'
import { knownFloors } from './registered-minimum.ts'
import { axisKey, type AxisName, type Registration } from './registration.ts'
import type { ToldAxis } from './store.ts'

/**
 * Axes of which a relying party may learn a person's level: those that its registration names in the floor or a purpose, and
 * those that it was told of this person in a completed request, which showed the person what it asked for.
 */
export function entitledAxes(
  policy: Pick<PolicyPort, 'readMinimum'>,
  { minimum, purposes }: Registration,
  told: readonly ToldAxis[],
): ReadonlyMap<string, AxisName> {
  const minimums = [...knownFloors(policy, minimum), ...purposes.map((one) => one.minimum)]
  const axes = [...minimums.flatMap((one) => one.axes), ...told]
  return new Map(axes.map((one) => [axisKey(one), { framework: one.framework, axis: one.axis }]))
}

/** @throws AccessDenied naming what may be asked, when a question names any other axis */
export function checkEntitled(asked: ReadMinimum, entitled: ReadonlyMap<string, AxisName>): void {
  const beyond = namedAxes(asked).find(({ axis }) => !entitled.has(axisKey(axis)))
  if (beyond === undefined) return
  const allowed = [...entitled.keys()].sort().join(', ') || 'none'
  throw new AccessDenied(
    'PERMISSION_DENIED',
    `${beyond.path}: expected an axis of your registration, or one that you were told of this person: ${allowed}`,
  )
}

/** Every axis that a question asks about, with the place that names it: it asks about all vectors, whichever is met. */
function namedAxes({
  own,
  profile,
  vectors,
}: ReadMinimum): readonly { readonly path: string; readonly axis: AxisMinimum }[] {
  return [
    ...own.axes.map((axis, i) => ({ path: `minimum.axes[${i}]`, axis })),
    ...(profile?.axes ?? []).map((axis) => ({ path: 'minimum.profile', axis })),
    ...vectors.flatMap(({ minimums }, i) =>
      minimums.flatMap(({ axes }) => axes.map((axis) => ({ path: `minimum.vectors[${i}]`, axis }))),
    ),
  ]
}
