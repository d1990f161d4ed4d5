import { SUB_INDICATIONS, type Verdict } from '../../services/jpki/verdict.ts'
import { must } from './target.ts'

/** A verdict says one of three things, why where it is not PASSED, and which check decided. */
export function checkVerdict({ indication, sub, at, checks }: Verdict): void {
  must(['PASSED', 'INDETERMINATE', 'FAILED'].includes(indication), 'an indication')
  must((indication === 'PASSED') === (sub === null), 'a sub-indication unless PASSED')
  must(sub === null || SUB_INDICATIONS.includes(sub), 'a known sub-indication')
  must(!Number.isNaN(at.getTime()), 'a time')
  const last = checks.at(-1)
  if (indication === 'PASSED') {
    const decided = checks.filter(({ id }) => id !== 'time-stamp')
    must(
      decided.every(({ outcome }) => outcome === 'passed'),
      'PASSED with every check passed',
    )
  } else {
    must(last !== undefined, 'a check that decided')
    must(
      last?.outcome === (indication === 'FAILED' ? 'failed' : 'indeterminate'),
      'the outcome of the check that decided',
    )
    must((last?.expected ?? '') !== '', 'what was expected')
  }
}
