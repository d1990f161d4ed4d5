import type { Text } from '../language/text.ts'

/** Neither the rules nor the method are at fault: the question stays open. `reason` says why, for authors. */
export abstract class OpenQuestion extends Error {
  readonly reason: Text

  constructor(reason: Text) {
    super(reason.en)
    this.reason = reason
  }
}

/** A form of condition that the exact method does not take. */
export class NotCovered extends OpenQuestion {
  override readonly name = 'NotCovered'
}

/** The method would need more room than it was given. */
export class TooLarge extends OpenQuestion {
  override readonly name = 'TooLarge'
}

/** The ordinary engine answered otherwise than the analysis had worked out: nothing is reported then. */
export class NotConfirmed extends OpenQuestion {
  override readonly name = 'NotConfirmed'
}
