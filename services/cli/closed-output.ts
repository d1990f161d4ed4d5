import type { Writable } from 'node:stream'

/**
 * Lets a program go on when nobody reads its output any more, as behind `| head`: what it still writes is dropped, and it ends
 * as it would have. Any other fault of the stream is thrown.
 */
export function outliveReader(stream: Writable): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
