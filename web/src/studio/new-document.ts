import { namedFolder } from './named-documents.ts'
import { folderOf } from './workbench.ts'

const NEW_PATH = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*\.yaml$/u

/** Whether a document may be added at a place, as far as its name goes. */
export function isNewPath(path: string): boolean {
  return NEW_PATH.test(path)
}

/**
 * What a new document begins with: it has no fault, and shows what belongs into it.
 * @param today as `YYYY-MM-DD`: from when a new framework holds
 */
export function beginningOf(path: string, today: string): string {
  const folder = folderOf(path)
  const named = namedFolder(folder)
  if (path.endsWith('.test.yaml')) return `framework: ${folder}\ntests: []\n`
  if (named === 'trustmarks') return trustmark(path.slice(named.length + 1, -'.yaml'.length))
  if (named !== undefined) return `language: 1\n\n${named}: []\n`
  if (path.endsWith('/framework.yaml')) return framework(folder, today)
  return `language: 1\nframework: ${folder}\n\ngrants: []\n`
}

function framework(name: string, today: string): string {
  return `language: 1
framework: ${name}
version: 0.1.0
status: draft
title: { ja: ${name}, en: ${name} }
effective: { from: ${today} }
zone: Asia/Tokyo

serves:
  ${name}: [trust]

axes:
  trust:
    title: { ja: 確からしさ, en: trust }
    levels: [none, seen, proven]

grants:
  - id: ${name.toUpperCase()}.SEEN
    title: { ja: 窓口で会った, en: met at the counter }
    cites: [${name}]
    grant: { trust: seen }
    when: proofing.channel == face_to_face
`
}

function trustmark(name: string): string {
  return `language: 1
trustmark: ${name}
version: 1.0.0
title: { ja: ${name}, en: ${name} }

values:
  P1:
    title: { ja: 同じ人の再訪, en: the same person comes back }
    cites: [RFC 8485 §A.1]
`
}
