import { InvalidInput } from '../../kernel/errors.ts'
import type { DocumentChange, PolicyDocument } from '../api.ts'
import { FACTS_SCHEMA, isPolicyDocument, type PolicyDocuments } from '../policy-library.ts'

const MAX_DOCUMENTS = 500

/** Documents with changes in them. @throws InvalidInput for a change that no document may have */
export function changedDocuments(
  base: PolicyDocuments,
  changes: readonly DocumentChange[],
): PolicyDocuments {
  const documents = new Map(base)
  for (const { path, text } of changes) {
    if (!isPolicyDocument(path) || path === FACTS_SCHEMA)
      throw new InvalidInput('changes', `facts.yaml, or rules or tests of a framework, not ${path}`)
    if (text === null) documents.delete(path)
    else documents.set(path, text)
  }
  if (documents.size > MAX_DOCUMENTS)
    throw new InvalidInput('changes', `at most ${MAX_DOCUMENTS} documents`)
  return documents
}

/** Changes by which each folder of a draft takes the place of the one of that name. */
export function changesOfFolders(
  base: PolicyDocuments,
  draft: readonly PolicyDocument[],
): DocumentChange[] {
  const folders = new Set(draft.map(({ path }) => folderOf(path)))
  const kept = [...base].filter(([path]) => !folders.has(folderOf(path)))
  return changesBetween(
    base,
    new Map([...kept, ...draft.map(({ path, text }) => [path, text] as const)]),
  )
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path
}

export function changesBetween(before: PolicyDocuments, after: PolicyDocuments): DocumentChange[] {
  const changed = [...after].filter(([path, text]) => before.get(path) !== text)
  const gone = [...before.keys()].filter((path) => !after.has(path))
  return [
    ...changed.map(([path, text]) => ({ path, text })),
    ...gone.map((path) => ({ path, text: null })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
}
