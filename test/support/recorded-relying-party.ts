import { join } from 'node:path'
import { RelyingParty } from '../../services/cli/demo/relying-party-grpc.ts'
import type { Instance } from './instance.ts'
import { startRecordingProxy, type Received } from './recording-proxy.ts'

/** A sample relying party as a client of the public interface, with a record of every byte that it was sent. */
export interface RecordedRelyingParty extends AsyncDisposable {
  readonly rpId: string
  readonly client: RelyingParty
  readonly returnUri: string
  readonly received: readonly Received[]
}

export async function startRelyingParty(
  instance: Pick<Instance, 'ready' | 'dataDir'>,
  rpId: 'library' | 'liquor' | 'bank',
): Promise<RecordedRelyingParty> {
  const { ready } = instance
  const keysDir = join(instance.dataDir, 'keys')
  const asserts = rpId === 'bank'
  const proxy = await startRecordingProxy({
    upstream: asserts ? ready.grpcBearer : ready.grpc,
    keysDir,
    ...(!asserts && { certificateOf: rpId }),
  })
  const client = new RelyingParty({
    rpId,
    address: proxy.address,
    keysDir,
    method: asserts ? 'assertion' : 'certificate',
    issuer: ready.issuer,
  })
  return {
    rpId,
    client,
    returnUri: `${ready.samples?.[rpId] ?? ''}/return`,
    received: proxy.received,
    async [Symbol.asyncDispose]() {
      client.close()
      await proxy.close()
    },
  }
}
