import { certificateStatus } from '../../services/jpki/certificate-status.ts'
import { parseCertificate } from '../../services/jpki/certificate.ts'
import { parseCrl } from '../../services/jpki/crl.ts'
import { MalformedDer } from '../../services/jpki/errors.ts'
import { parseOcspResponse } from '../../services/jpki/ocsp-response.ts'
import { verifyDocument } from '../../services/jpki/verify-document.ts'
import type { Verdict } from '../../services/jpki/verdict.ts'
import { verifyPath } from '../../services/jpki/verify-path.ts'
import { NOW } from '../pki/issue.ts'
import type { Judgement, Mutant, PathMutant } from './mutant.ts'

const ANY = {
  profile: 'rfc5280',
  maximumAgeDays: Infinity,
  initialPolicies: null,
  explicitPolicy: false,
  inhibitMapping: false,
  inhibitAnyPolicy: false,
} as const

/** What our verifier says under the profile `rfc5280`. */
export function ourJudgement(mutant: Mutant, now: Date): Judgement {
  const verdict = verdictOn(mutant, now)
  return verdict.indication === 'PASSED'
    ? { accepts: true, reason: '' }
    : { accepts: false, reason: flawIn(mutant) ?? reasonOf(verdict) }
}

function verdictOn(mutant: Mutant, now: Date): Verdict {
  switch (mutant.kind) {
    case 'target':
    case 'intermediate':
    case 'crl': {
      const { target: certificate, root, intermediates, crls } = mutant
      const given = { certificate, anchors: [root], intermediates, crls, ocsp: [] }
      return verifyPath({ ...ANY, ...given, checkRevocation: true, at: NOW })
    }
    case 'ocsp': {
      const { certificate, issuer, response } = mutant
      const given = { certificate, issuers: [issuer], crls: [], ocsp: [response] }
      return certificateStatus({ ...ANY, ...given, at: now })
    }
    case 'cms': {
      const given = { cms: mutant.cms, anchors: [mutant.root], content: undefined }
      const nothing = { tsaAnchors: [], intermediates: [], crls: [], ocsp: [] }
      return verifyDocument({ ...ANY, ...given, ...nothing, checkRevocation: false, at: NOW })
    }
  }
}

/** What is wrong with the mutant itself; the verdict on a path only says that without it there is none. */
function flawIn(mutant: Mutant): string | null {
  switch (mutant.kind) {
    case 'intermediate':
      return unreadable(() => mutant.intermediates.map(parseCertificate))
    case 'crl':
      return unreadable(() => mutant.crls.map(parseCrl)) ?? statusFlaw(mutant)
    case 'ocsp':
      return unreadable(() => parseOcspResponse(mutant.response))
    default:
      return null
  }
}

function unreadable(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    return `unreadable: ${withoutPlace(error.message)}`
  }
}

/** Why the list says nothing of the target, its issuer given; null when the fault is not there. */
function statusFlaw({ target, intermediates, crls }: PathMutant): string | null {
  const lists = crls.slice(1) // the first one is of the root
  const given = { certificate: target, issuers: intermediates, crls: lists, ocsp: [] }
  const verdict = certificateStatus({ ...ANY, ...given, at: NOW })
  return verdict.indication === 'PASSED' ? null : reasonOf(verdict)
}

function reasonOf({ sub, checks }: Verdict): string {
  return `${sub}: ${withoutPlace(checks.at(-1)?.expected ?? '')}`
}

function withoutPlace(text: string): string {
  return text.replace(/byte \d+: /, '')
}
