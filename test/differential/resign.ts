import { sign } from 'node:crypto'
import {
  copyTree,
  encodeDerTree,
  parseDerTree,
  setValue,
  type DerNode,
} from '../mutation/der-tree.ts'
import type { TestKey } from '../pki/keys.ts'

/** Takes a message apart; it must be one that is well formed. */
export function treeOf(der: Uint8Array): DerNode {
  const tree = parseDerTree(der)
  if (tree === null) throw new TypeError('expected a whole element')
  return tree
}

/** The node at a path of child numbers; undefined where a change has taken it away. */
export function nodeAt(root: DerNode, ...path: readonly number[]): DerNode | undefined {
  let node: DerNode | undefined = root
  for (const index of path) node = node?.children?.at(index)
  return node
}

/** Signs `SEQUENCE { signed part, algorithm, signature }` again, so that what was changed is all that is wrong with it. */
export function signAgain(signed: DerNode | undefined, { privateKey }: TestKey): void {
  const [part, , signature] = signed?.children ?? []
  if (part === undefined || signature === undefined) return
  const value = sign('sha256', encodeDerTree(part), privateKey)
  setValue(signature, Buffer.concat([Uint8Array.of(0), value]))
}

/** The algorithm inside the signed part goes to the one beside the signature as well. */
export function copyAlgorithm(signed: DerNode, inside: DerNode | undefined): void {
  if (inside !== undefined && signed.children !== null) signed.children[1] = copyTree(inside)
}
