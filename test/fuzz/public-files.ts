import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64 } from '../../services/kernel/bytes.ts'
import { pemBlocks } from '../../services/kernel/pem.ts'
import { sharedFolder } from '../support/shared-data.ts'

const MOST = 60

/** Files of a folder of public data; none where they are not at hand. */
export function publicFiles(place: string, ending: string): Uint8Array[] {
  const folder = sharedFolder(place)
  if (folder === null) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .slice(0, MOST)
    .map((name) => new Uint8Array(readFileSync(join(folder, name))))
}

/** The PEM blocks with one label in such files. */
export function publicBlocks(place: string, label: string): Uint8Array[] {
  return publicFiles(place, '.pem').flatMap((file) =>
    pemBlocks(Buffer.from(file).toString('latin1'))
      .filter((block) => block.label === label)
      .map(({ base64 }) => fromBase64(base64)),
  )
}
