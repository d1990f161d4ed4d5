import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { openTerminal } from './terminal.ts'

/** Streams that claim to be a terminal. */
function person() {
  const terminal = { isTTY: true, setRawMode: () => undefined, columns: 80, rows: 24 }
  const input = Object.assign(new PassThrough(), terminal)
  const output = Object.assign(new PassThrough(), terminal)
  let shown = ''
  output.on('data', (chunk) => (shown += String(chunk)))
  return { input, output, shown: () => shown }
}

test('a secret typed at a terminal is not shown, and nothing stands for its characters', async () => {
  const secretive = person()
  const terminal = await openTerminal(secretive.input, secretive.output)
  const asked = terminal.askSecret('PIN')
  for (const key of 'SECRETXQ') secretive.input.write(key)
  secretive.input.write('\r')
  expect((await asked).reveal()).toBe('SECRETXQ')
  expect(secretive.shown()).toContain('PIN')
  for (const trace of ['SECRETXQ', 'SE', 'XQ', '*', '•', '▪']) {
    expect(secretive.shown()).not.toContain(trace)
  }
})

test('what is no secret is shown', async () => {
  const { input, output, shown } = person()
  const terminal = await openTerminal(input, output)
  const asked = terminal.ask('Ticket')
  for (const key of 'abc') input.write(key)
  input.write('\r')
  expect(await asked).toBe('abc')
  expect(shown()).toContain('abc')
})

test.each(['ask', 'askSecret', 'confirm'] as const)('Ctrl-C ends %s', async (question) => {
  const { input, output } = person()
  const terminal = await openTerminal(input, output)
  const asked = terminal[question]('Well')
  input.write('\u0003')
  await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
})

test.each([
  ['2', 'b'],
  ['a', 'a'],
])('without a terminal a choice is made by number or value: %s', async (line, chosen) => {
  const input = new PassThrough()
  input.end(`${line}\n`)
  const terminal = await openTerminal(input, new PassThrough())
  const options = ['a', 'b'].map((value) => ({ value, label: value }))
  expect(await terminal.choose('Which', options)).toBe(chosen)
  terminal.close()
})
