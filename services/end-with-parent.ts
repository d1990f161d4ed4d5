// Preloaded into child processes (`node --import`): when the parent ends, however it ends, its end of this pipe closes, and the
// child stops as if it had been told to. Without it a parent that is killed would leave its ports taken.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
process.stdin.unref()
