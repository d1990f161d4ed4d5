import { generate } from './lib.mjs'

generate({ force: true })
