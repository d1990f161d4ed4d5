import { PolicyRejected, type Diagnostic } from '../../../services/policy/language/diagnostic.ts'
import type { SourceFile } from '../../../services/policy/language/document.ts'
import { readEquivalences } from '../../../services/policy/language/equivalences.ts'
import type { Axis, AxisRef, Pack } from '../../../services/policy/language/pack.ts'
import type { NamedAxes } from '../../../services/policy/language/read-names.ts'
import { offeredAxes } from '../../../services/policy/minimum/offered-axes.ts'
import { readProfiles } from '../../../services/policy/minimum/profiles.ts'
import { readTrustmark, trustmarkOf } from '../../../services/policy/minimum/trustmark.ts'

/** Folders of documents that packs name things of. */
export const NAMED_FOLDERS = ['equivalences', 'profiles', 'trustmarks'] as const
export type NamedFolder = (typeof NAMED_FOLDERS)[number]

export function namedFolder(folder: string): NamedFolder | undefined {
  return NAMED_FOLDERS.find((name) => name === folder)
}

/** Documents of each of these folders, without their tests. */
export type NamedSources = Readonly<Record<NamedFolder, readonly SourceFile[]>>

/** What is wrong in such a folder, whether or not a pack names what stands there. */
export function faultsOfNamed(
  folder: NamedFolder,
  sources: NamedSources,
  packs: readonly Pack[],
): readonly Diagnostic[] {
  const served = servedBy(packs)
  const own = sources[folder]
  switch (folder) {
    case 'equivalences':
      return faultsOf(() => readEquivalences(own, served))
    case 'profiles':
      return offering(packs).flatMap((pack) =>
        faultsOf(() => readProfiles(own, undefined, offeredBy(pack, served))),
      )
    case 'trustmarks':
      return offering(packs).flatMap((pack) =>
        own.flatMap((source) =>
          faultsOf(() => readTrustmark([source], trustmarkOf(source), offeredBy(pack, served))),
        ),
      )
    default:
      return folder satisfies never
  }
}

/** What a pack names that is not there, at the place of the name, and faults of what it names. */
export function faultsOfNames(
  pack: Pack,
  sources: NamedSources,
  packs: readonly Pack[],
): readonly Diagnostic[] {
  const served = servedBy(packs)
  const offered = offeredBy(pack, served)
  const { equivalences, profiles, trustmark } = pack
  return [
    ...faultsOf(() => readEquivalences(sources.equivalences, served, equivalences)),
    ...faultsOf(() => readProfiles(sources.profiles, profiles, offered)),
    ...(trustmark === undefined
      ? []
      : faultsOf(() => readTrustmark(sources.trustmarks, trustmark, offered))),
  ]
}

/** Packs that say which axes may be asked for. */
function offering(packs: readonly Pack[]): readonly Pack[] {
  return packs.filter(({ uses }) => uses.length > 0)
}

function servedBy(packs: readonly Pack[]): NamedAxes {
  const axes = new Map(
    packs.flatMap(({ serves, axes: all }) =>
      [...serves].map(
        ([framework, names]) =>
          [framework, new Map([...all].filter(([name]) => names.includes(name)))] as const,
      ),
    ),
  )
  return { ids: [...axes.keys()], axesOf: (framework) => axes.get(framework) ?? new Map() }
}

/** The axes that a pack lets be asked for; one that is not there is no axis to be asked for. */
function offeredBy({ uses }: Pack, served: NamedAxes): NamedAxes {
  const found = ({ framework, axis }: AxisRef): Axis | undefined =>
    served.axesOf(framework).get(axis)
  const known = uses.map((use) => ({
    ...use,
    person: use.person.filter((ref) => found(ref) !== undefined),
    ceremony: use.ceremony.filter((ref) => found(ref) !== undefined),
  }))
  return offeredAxes(known, (framework, axis) => {
    const axisFound = found({ framework, axis })
    if (axisFound === undefined) throw new TypeError('only known axes are left')
    return axisFound
  })
}

function faultsOf(read: () => unknown): readonly Diagnostic[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof PolicyRejected)) throw error
    return error.diagnostics
  }
}
