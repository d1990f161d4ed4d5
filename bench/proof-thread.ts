import { parentPort } from 'node:worker_threads'
import { applicant, proofOf } from './proof.ts'

const prove = proofOf(applicant('rsa'))

/** Proofs in batches: a message to a thread costs as much as a verification. */
parentPort?.on('message', (batch: number) => {
  let passed = 0
  for (let i = 0; i < batch; i += 1) if (prove()) passed += 1
  parentPort?.postMessage(passed)
})
