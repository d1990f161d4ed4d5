import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { Frameworks } from '../policy/frameworks.ts'
import type { SourceFile } from '../policy/language/document.ts'
import type { NamedAxes } from '../policy/language/read-names.ts'
import { offeredAxes } from '../policy/minimum/offered-axes.ts'
import { readProfiles } from '../policy/minimum/profiles.ts'
import { readTrustmark, trustmarkOf } from '../policy/minimum/trustmark.ts'
import type { PolicyStore } from '../policy/policy-store.ts'

const FOLDERS = ['equivalences', 'profiles', 'trustmarks'] as const
type NamedFolder = (typeof FOLDERS)[number]

/** Where documents are that packs name things of. */
export interface NamedPlace {
  readonly kind: NamedFolder
  /** Beside the packs. */
  readonly folder: string
}

/** Of a document of this kind, or of its twin in `bad/`. */
export function namedPlaceOf(path: string): NamedPlace | undefined {
  const beside = dirname(resolve(path))
  const folder = basename(beside) === 'bad' ? dirname(beside) : beside
  const kind = FOLDERS.find((known) => known === basename(folder))
  return kind && { kind, folder }
}

/** Paths of all such documents beside the packs of a folder. */
export function namedDocumentsIn(policies: string): readonly string[] {
  return FOLDERS.map((kind) => join(policies, kind))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.yaml'))
}

/** Reads everything in such a document, whether or not a pack names it. Throws `PolicyRejected`. */
export function readNamed(kind: NamedFolder, source: SourceFile, store: PolicyStore): void {
  switch (kind) {
    case 'equivalences': {
      const packs = store.list().map((name) => ({ pack: store.load(name).pack }))
      void new Frameworks(packs, { documents: [source] })
      return
    }
    case 'profiles':
      for (const axes of offeredIn(store)) readProfiles([source], undefined, axes)
      return
    case 'trustmarks':
      for (const axes of offeredIn(store)) readTrustmark([source], trustmarkOf(source), axes)
      return
    default:
      kind satisfies never
  }
}

/** Axes that may be asked for, by each pack that says which. */
function offeredIn(store: PolicyStore): readonly NamedAxes[] {
  return store.list().flatMap((name) => {
    const { pack } = store.load(name)
    if (pack.uses.length === 0) return []
    const used = pack.uses.map(({ framework }) => ({ pack: store.load(framework).pack }))
    const frameworks = new Frameworks([{ pack }, ...used])
    return [offeredAxes(pack.uses, (framework, axis) => frameworks.axis(framework, axis))]
  })
}
