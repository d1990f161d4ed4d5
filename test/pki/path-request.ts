import { verifyPath, type PathRequest } from '../../services/jpki/verify-path.ts'
import { NOW } from './issue.ts'
import type { Entity } from './issue-path.ts'

/** A question about a path, with revocation left aside unless it is asked for. */
export function pathRequest(
  target: Entity,
  anchors: readonly Entity[],
  intermediates: readonly Entity[] = [],
  more: Partial<PathRequest> = {},
): PathRequest {
  return {
    certificate: target.der,
    anchors: anchors.map(({ der }) => der),
    intermediates: intermediates.map(({ der }) => der),
    crls: [],
    ocsp: [],
    checkRevocation: false,
    profile: 'rfc5280',
    at: NOW,
    maximumAgeDays: Infinity,
    initialPolicies: null,
    explicitPolicy: false,
    inhibitMapping: false,
    inhibitAnyPolicy: false,
    ...more,
  }
}

/** `PASSED`, or the check that did not and its sub-indication. */
export function outcomeOf(request: PathRequest): string {
  const { indication, sub, checks } = verifyPath(request)
  return indication === 'PASSED' ? indication : `${checks.at(-1)?.id} ${sub}`
}
