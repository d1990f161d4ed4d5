import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Current, DocumentChange } from '../api/policy.ts'
import type { Documents } from './workbench.ts'

/** Texts that differ from those in force, by path; null takes a document away. */
export type Edits = ReadonlyMap<string, string | null>

export interface Draft {
  readonly basePolicyDigest: string
  /** The documents in force. */
  readonly base: Documents
  /** The documents as the author has them now. */
  readonly documents: Documents
  readonly changes: readonly DocumentChange[]
  /** Whether another policy came into force since the author began. */
  readonly stale: boolean
  readonly edit: (path: string, text: string | null) => void
  /** Puts one document, or all, back as in force. */
  readonly restore: (path?: string) => void
  /** Counts the restorations: an editor must begin anew after one. */
  readonly restored: number
}

const KEPT_AS = 'watashi.policy-draft'

interface Kept {
  readonly basePolicyDigest: string
  readonly edits: readonly (readonly [string, string | null])[]
}

/** What an author changes, kept for the tab: a login by card leaves the page. */
export function useDraft(inForce: Current): Draft {
  const [kept, setKept] = useState(readKept)
  const base = useMemo(
    () => new Map(inForce.documents.map(({ path, text }) => [path, text])),
    [inForce],
  )
  const edits = useMemo(() => editsOver(base, new Map(kept?.edits)), [base, kept])
  const begunWith = kept?.basePolicyDigest
  useEffect(() => {
    keep(
      edits.size === 0
        ? undefined
        : { basePolicyDigest: begunWith ?? inForce.policyDigest, edits: [...edits] },
    )
  }, [edits, begunWith, inForce.policyDigest])
  const edit = useCallback(
    (path: string, text: string | null) => {
      setKept((before) => ({
        basePolicyDigest: before?.basePolicyDigest ?? inForce.policyDigest,
        edits: [...new Map(before?.edits).set(path, text)],
      }))
    },
    [inForce.policyDigest],
  )
  const [restored, setRestored] = useState(0)
  const restore = useCallback((path?: string) => {
    setRestored((count) => count + 1)
    setKept((before) =>
      before === undefined || path === undefined
        ? undefined
        : { ...before, edits: before.edits.filter(([edited]) => edited !== path) },
    )
  }, [])
  const documents = useMemo(() => applied(base, edits), [base, edits])
  return {
    basePolicyDigest: inForce.policyDigest,
    base,
    documents,
    changes: useMemo(() => [...edits].map(([path, text]) => ({ path, text })), [edits]),
    stale: edits.size > 0 && begunWith !== undefined && begunWith !== inForce.policyDigest,
    edit,
    restore,
    restored,
  }
}

/** Only what really differs: a text that was written back is no change. */
export function editsOver(base: Documents, edits: Edits): Edits {
  return new Map([...edits].filter(([path, text]) => text !== (base.get(path) ?? null)))
}

/** What leads from one state of the documents to another; null takes a document away. */
export function changesBetween(before: Documents, after: Documents): DocumentChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, text: after.get(path) ?? null }))
}

/** The documents with the edits, in the order of their paths. */
export function applied(base: Documents, edits: Edits): Documents {
  const all = new Map<string, string>(base)
  for (const [path, text] of edits) {
    if (text === null) all.delete(path)
    else all.set(path, text)
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function readKept(): Kept | undefined {
  try {
    const text = sessionStorage.getItem(KEPT_AS)
    return text === null ? undefined : (JSON.parse(text) as Kept) // written below, by this page alone
  } catch {
    return undefined // without storage nothing is kept
  }
}

function keep(kept: Kept | undefined): void {
  try {
    if (kept === undefined) sessionStorage.removeItem(KEPT_AS)
    else sessionStorage.setItem(KEPT_AS, JSON.stringify(kept))
  } catch {
    return // without storage, or with a full one, the draft lasts until the page is left
  }
}
