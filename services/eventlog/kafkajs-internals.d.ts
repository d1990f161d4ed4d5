/** The package exports no internals by name, and this one has to be patched; see `kafka-client-transport.ts`. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: {
    prototype: {
      scheduleCheckPendingRequests?: (this: { pending: unknown[]; throttledUntil: number }) => void
    }
  }
  export default RequestQueue
}
