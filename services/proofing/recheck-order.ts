import { InvalidInput } from '../kernel/errors.ts'

/** Where the operator's face takes the order for a 現況確認 of one person. */
export const RECHECK_PATH = '/identity/recheck'

/** @throws InvalidInput for anything but `{"subject_ref": "…"}` */
export function readSubjectRef(unverifiedBody: unknown): string {
  const subjectRef: unknown = Reflect.get(Object(unverifiedBody), 'subject_ref')
  if (typeof subjectRef !== 'string' || !/^[A-Za-z0-9_-]{1,100}$/.test(subjectRef)) {
    throw new InvalidInput('subject_ref', 'the reference of a person')
  }
  return subjectRef
}
