import type { AssuranceFlag } from '../ports.ts'

export const FLAGS: readonly AssuranceFlag[] = ['phishing_resistant', 'device_bound']
