import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { withUsers } from '../server/users.js'
import { userHelpText } from './help.js'
import { user } from './user.js'

const folder = mkdtempSync(join(tmpdir(), 'gregor-user-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function gregorUser(password: string, ...args: string[]) {
  let out = ''
  const note = (text: string) => {
    out += text
  }
  const terminal = { args: [...args, '--data-dir', join(folder, 'data')], stdout: note, stderr: note }
  const code = await user(terminal, () => password, withUsers)
  return [code, out]
}

test('users are added, listed and deleted in a directory that no broker uses', async () => {
  expect(await gregorUser('', 'list')).toEqual([0, ''])
  expect(await gregorUser('alice "secret", too', 'add', 'alice')).toEqual([0, ''])
  expect(await gregorUser('x', 'add', 'alice', '--mechanism', 'SCRAM-SHA-256', '--iterations', '8192')).toEqual([0, ''])
  const both = 'alice SCRAM-SHA-512=[iterations=4096] SCRAM-SHA-256=[iterations=8192]\n'
  expect(await gregorUser('', 'list')).toEqual([0, both])
  expect(await gregorUser('', 'delete', 'alice')).toEqual([0, ''])
  expect(await gregorUser('', 'delete', 'alice')).toEqual([2, expect.stringContaining('there is no user alice')])
})

test('what a terminal would obey is shown and not sent to it', async () => {
  expect(await gregorUser('secret', 'add', 'bob\u001b[2J\n')).toEqual([0, ''])
  expect(await gregorUser('', 'list')).toEqual([0, 'bob\\u001b[2J\\u000a SCRAM-SHA-512=[iterations=4096]\n'])
  expect(await gregorUser('', 'delete', 'bob\u001b[2J\n')).toEqual([0, ''])
})

test('wrong usage is told before anything is opened', async () => {
  expect(await gregorUser('', 'add', 'bob')).toEqual([2, expect.stringContaining('either password or saltedpassword')])
  for (const args of [[], ['add'], ['list', 'x'], ['change', 'x']]) {
    expect(await gregorUser('x', ...args)).toEqual([2, expect.stringContaining('takes add NAME, list, or delete NAME')])
  }
  expect(await gregorUser('', '--help')).toEqual([0, userHelpText])
})
