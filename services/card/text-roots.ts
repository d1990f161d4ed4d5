import type { KeyObject } from 'node:crypto'
import { fromHex } from '../kernel/bytes.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { rsaPublicKey } from './text-format.ts'

/** A key that card-verifiable certificates of 券面事項入力補助AP are issued with. They name it and do not carry it. */
export interface TextRoot {
  /** 証明者鍵ID, 16 bytes in hexadecimal. */
  readonly keyId: string
  readonly publicKey: KeyObject
}

interface PinnedKey {
  readonly keyId: string
  /** RSA-2048 with e = 65537. */
  readonly modulus: string
}

/**
 * The roots 5000033 and 6000033 as others recovered them from cards (github.com/soltia48/myna-card). J-LIS publishes neither, and no card
 * has been verified under them here: a level that rests on them would rest on that word.
 */
const PINNED: Readonly<Record<'production' | 'jpki-test', readonly PinnedKey[]>> = {
  production: [
    {
      keyId: '35303030303333080530303100000000',
      modulus:
        'd24615f63525e740c87e83ed64787e76d10a1f8652ebe1ea28934d35ce3bf077' +
        '16f5b79e2bcb2ae2b91b4f4c9ffb602497f596d659af9d0a14b45cdd738ef562' +
        '49349b8cc7db32f2d433bd39bcc44f503e881d56c149ecd5155c1ce7461fc3ac' +
        '4f55d0a39ccaaadfae5b8afa11ccf91bedc774023d11ca6eba99004f81c541a7' +
        'd67dded8c724d6e20b10a3deaae8c43c137ccd71b263740e8979752de4d56763' +
        '29cabcbd7f3a77fc48a6f8e61d399b4ac66684a9fdfc99ecef900dd6ff7f0fdd' +
        '39e23d163f8a468c62dbeae00906dfad5a89b45ca5b7353dc998a80d3803eda7' +
        '94b55f99f535d1c39a243c8352ad602d926c389d2816c941349ee24e4f41597f',
    },
  ],
  'jpki-test': [
    {
      keyId: '36303030303333080530303100000000',
      modulus:
        'b1fe36bd147bf41b2011b9156867c4118b05ae47d691cdb4a4467f4949afdd71' +
        'e28e12b5c61e68f00b639a6ccbcf44798761c7700a81f666c67831433b742a2c' +
        '1126942601e25371b2b93631067d466f201eaf31393b1bd6a47589fb57b31897' +
        '35a27a24583fde2bf26c2a34d8645fe0e6e2fe901612cef8c740c228289af6d4' +
        '57aca3b1aa2f9ebb56da3591c30830b8afe2a1ca99951e670b9e9c0b40ebdbec' +
        '212f9400e5aaf5c2b5107de34ab6bc66425a86d731a392e81001dea1ce565981' +
        'be158256ae05598a2b8bfb04c1b66ee2008e019fb1b2ba3785e0ca78ca31ea5f' +
        '09b4d550577dbf12a747abd5e1c450c0750df965f53ea08bbf12e40a4057c74d',
    },
  ],
}

/** The roots of an environment; the simulator brings its own. */
export function pinnedTextRoots(
  environment: Exclude<TrustEnvironment, 'simulator'>,
): readonly TextRoot[] {
  return PINNED[environment].map(({ keyId, modulus }) => ({
    keyId,
    publicKey: rsaPublicKey(fromHex(modulus)),
  }))
}
