import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { findSigningKey, type KeyFiles } from '../../rpc/key-file-store.ts'
import { KeySeries } from '../../rpc/key-series-store.ts'
import { temporaryKeyFiles } from '../../rpc/temporary-key-series.ts'
import type { ReleasesReply } from '../api.ts'
import type { Policy } from '../policy.ts'
import * as tables from '../schema.sqlite.ts'
import {
  ANNA,
  BO,
  openPolicyPages,
  openPolicyStand,
  PERSON,
  propose,
  publish,
  withoutEquivalence,
} from './stand-releases.ts'
import { asSuccessor } from './trusted-keys.ts'

const NAME = 'policy-releases'
let files: KeyFiles
let keys: KeySeries

beforeEach(() => {
  files = temporaryKeyFiles()
  keys = new KeySeries(files, NAME)
})

function kidOf(number: number): string | undefined {
  const key = keys.find(number)
  return key && asSuccessor(key.publicKey).kid
}

async function states(policy: Policy): Promise<readonly string[]> {
  return (await policy.releaseKeys.list()).map(({ file, state }) => `${file} ${state}`)
}

/** Publishes the pack in force under another version. */
function publishAs(policy: Policy, version: string) {
  return publish(policy, withoutEquivalence(policy, version))
}

describe('rotation of the release key', () => {
  test('two persons hand over to the next key, which signs from then on, in every process and again', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    const { policy, core } = given
    const other = given.open()
    await other.activate()
    expect(await states(policy)).toEqual(['policy-releases.pem current'])
    await policy.releaseKeys.rotate()
    await policy.releaseKeys.rotate()
    expect(await states(policy)).toEqual([
      'policy-releases.pem current',
      'policy-releases-2.pem next',
    ])

    const first = await publishAs(policy, '1.1.0')
    expect(first).toMatchObject({ kid: kidOf(1), content: { successor: { kid: kidOf(2) } } })
    await policy.releaseKeys.rotate()
    const second = await publishAs(policy, '1.2.0')
    expect(second).toMatchObject({ kid: kidOf(2), content: { successor: { kid: kidOf(3) } } })
    const third = await publishAs(policy, '1.3.0')
    expect(third).toMatchObject({ kid: kidOf(3), content: { successor: null } })
    expect(await states(policy)).toEqual([
      'policy-releases.pem retired',
      'policy-releases-2.pem retired',
      'policy-releases-3.pem current',
    ])

    await using pages = await openPolicyPages(given)
    const { releases } = (await pages.call(BO, 'GET', 'releases')).json<ReleasesReply>()
    expect(releases.map(({ successor }) => successor)).toEqual([null, kidOf(3), kidOf(2)])

    await other.rescoreDue(core.clock.now())
    expect(other.digest).toBe(policy.digest)
    const started = given.open()
    await started.activate()
    expect(started.digest).toBe(policy.digest)
  })

  test('a key that was made before the process was killed is named by the next proposal after it', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    await given.policy.releaseKeys.rotate()
    const made = kidOf(2)
    const policy = given.open({ releaseKeys: new KeySeries(files, NAME) })
    await policy.activate()
    await policy.releaseKeys.rotate()
    expect(kidOf(2)).toBe(made)
    expect(await publishAs(policy, '1.1.0')).toMatchObject({
      content: { successor: { kid: made } },
    })
  })

  test('a proposal from before it hands nothing over, and one of the same documents does', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    const { policy } = given
    const { row } = await propose(policy)
    await policy.releaseKeys.rotate()
    expect(row.successor).toBeNull()
    const release = await policy.releases.approve(BO, row.id, row.contentDigest)
    expect(release.content.successor).toBeNull()
    expect(await states(policy)).toContain('policy-releases-2.pem next')
    const again = await policy.proposals.rollBack(ANNA, 1, { note: 'for the key' })
    expect(again).toMatchObject({
      changes: [],
      row: { successor: kidOf(2), report: { passed: true } },
    })
  })

  test('nobody approves a key that is not the one that was proposed', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    const { policy } = given
    await policy.releaseKeys.rotate()
    const { row } = await propose(policy)
    expect(row.successor).toBe(kidOf(2))
    const approve = () => policy.releases.approve(BO, row.id, row.contentDigest)
    rmSync(join(files.dir, 'policy-releases-2.pem'))
    await expect(approve()).rejects.toMatchObject({ code: 'CONFLICT' })
    await policy.releaseKeys.rotate()
    await expect(approve()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await policy.proposals.one(row.id)).row.state).toBe('open')
    expect(await policy.releases.releases()).toEqual([])
  })

  test('without the key that signs now nothing is published and no key is made, and all else goes on', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    const { policy } = given
    await policy.releaseKeys.rotate()
    await publishAs(policy, '1.1.0')
    rmSync(join(files.dir, 'policy-releases-2.pem'))
    const unavailable = expect.objectContaining({
      code: 'UNAVAILABLE',
      message: 'expected the private key that signs releases in `policy-releases-2.pem`',
    }) as Error
    await expect(publishAs(policy, '1.2.0')).rejects.toThrow(unavailable)
    await expect(policy.releaseKeys.rotate()).rejects.toThrow(unavailable)
    expect(findSigningKey(files, 'policy-releases-3')).toBeUndefined()
    const started = given.open()
    await started.activate()
    expect(started.digest).toBe(policy.digest)
    expect(await started.releaseKeys.list()).toMatchObject([
      { state: 'retired', held: true },
      { state: 'current', held: false },
    ])
  })

  test('a key that was given up is not handed over to again', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    const { policy } = given
    await policy.releaseKeys.rotate()
    await publishAs(policy, '1.1.0')
    copyFileSync(join(files.dir, 'policy-releases.pem'), join(files.dir, 'policy-releases-3.pem'))
    await expect(propose(policy)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a chain that lost its key begins anew with what was in force, and old decisions are explained', async () => {
    await using given = await openPolicyStand({ releaseKeys: keys })
    await publishAs(given.policy, '1.1.0')
    const [decision] = await given.policy.decisions(PERSON)
    const open = () => given.open({ releaseKeys: new KeySeries(temporaryKeyFiles(), NAME) })
    await expect(open().activate()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await given.core.database.run(async (tx) => {
      await tx.delete(tables.releases)
    })
    const policy = open()
    await policy.activate()
    expect(policy.releases.current().sequence).toBe(0)
    const explained = await policy.decisionLog.explain(decision?.id ?? '')
    expect(explained.replay).toEqual({ outcome: 'same' })
  })
})
