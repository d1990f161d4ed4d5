import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../kernel/random.ts'
import type { KeyFiles } from './key-file-store.ts'
import { KeySeries } from './key-series-store.ts'

/** A fresh folder of keys, for tests. */
export function temporaryKeyFiles(makeMissing = true): KeyFiles {
  const dir = join(mkdtempSync(join(tmpdir(), 'watashi-keys-')), 'keys')
  return { dir, makeMissing, random: systemRandom }
}

/** Keys that sign releases, in a fresh folder, for tests. */
export function temporaryReleaseKeys(): KeySeries {
  return new KeySeries(temporaryKeyFiles(), 'policy-releases')
}
