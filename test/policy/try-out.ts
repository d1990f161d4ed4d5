import type { Catalogue } from '../../services/policy/language/catalogue.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import { readPack } from '../../services/policy/language/read-pack.ts'

/** Title of a rule that a test makes up. */
export const title = 'title: { ja: 一, en: one }'

/** A pack that a test makes up: `axes` and `rules` as YAML, the axes without their key. */
export function tryOut(catalogue: Catalogue, axes: string, rules: string): Pack {
  const text = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
zone: Asia/Tokyo
effective: { from: 2020-01-01 }
axes:
${axes}
${rules}`
  return readPack([{ path: 'try.yaml', text }], catalogue)
}
