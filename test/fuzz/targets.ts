import { cardTargets } from './card-targets.ts'
import { certificateTargets } from './certificate-targets.ts'
import { cmsTargets } from './cms-targets.ts'
import { derTargets } from './der-targets.ts'
import { inputTargets } from './input-targets.ts'
import type { FuzzTarget } from './target.ts'

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...certificateTargets,
  ...cmsTargets,
  ...derTargets,
  ...cardTargets,
  ...inputTargets,
]
