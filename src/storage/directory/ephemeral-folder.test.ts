import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { expect, test } from 'vitest'
import { nodeFiles } from '../files.js'
import { temporaryFolder } from '../test-kit.test-support.js'
import { makeEphemeralFolder, ownerFile, sweepEphemeralFolders } from './ephemeral-folder.js'
import { ourselves } from './process-identity.js'

const silent = { info() {}, warn() {}, error() {} }
const me = { ...ourselves(), host: os.hostname() }
const dead = { ...me, pid: spawnSync('true').pid }

/** What a sweep leaves of folders with these owners; a string is what stands in the file. */
async function sweep(owners: Readonly<Record<string, object | string | null>>): Promise<string[]> {
  const directory = temporaryFolder()
  for (const [name, owner] of Object.entries(owners)) {
    fs.mkdirSync(`${directory}/${name}/topic-0`, { recursive: true })
    const text = typeof owner === 'string' ? owner : JSON.stringify(owner)
    if (owner !== null) fs.writeFileSync(`${directory}/${name}/${ownerFile}`, text)
  }
  await sweepEphemeralFolders(nodeFiles, silent, directory)
  return fs.readdirSync(directory).sort()
}

test('a folder whose owner is dead is swept', async () => {
  expect(await sweep({ 'gregor-ephemeral-a': dead, 'gregor-ephemeral-b': me })).toEqual(['gregor-ephemeral-b'])
})

test('an owner whose process id is in use again is dead', async () => {
  expect(await sweep({ 'gregor-ephemeral-a': { ...me, startTime: '1' } })).toEqual([])
})

test('an owner from before a reboot is dead', async () => {
  expect(await sweep({ 'gregor-ephemeral-a': { ...me, bootId: 'an earlier one' } })).toEqual([])
})

test('an owner that cannot be seen from here keeps its folder', async () => {
  const owners = {
    'gregor-ephemeral-another-container': { ...dead, pidNamespace: 'pid:[1]' },
    'gregor-ephemeral-another-machine': { ...dead, bootId: 'its own', host: 'its own' },
    'gregor-ephemeral-cut': '{"pid":',
    'gregor-ephemeral-just-made': null,
    'gregor-somebody-else': dead,
  }
  expect(await sweep(owners)).toEqual(Object.keys(owners))
})

test('a link is not followed', async () => {
  const directory = temporaryFolder()
  const target = temporaryFolder()
  fs.writeFileSync(`${target}/${ownerFile}`, JSON.stringify(dead))
  fs.symlinkSync(target, `${directory}/gregor-ephemeral-a`)
  expect(await sweepEphemeralFolders(nodeFiles, silent, directory)).toBe(0)
  expect(fs.existsSync(`${target}/${ownerFile}`)).toBe(true)
})

test('a folder that is in use is not swept, and is gone once it is released', async () => {
  const { path, lock } = makeEphemeralFolder(nodeFiles)
  await sweepEphemeralFolders(nodeFiles, silent)
  expect(fs.existsSync(path)).toBe(true)
  lock.release()
  expect(fs.existsSync(path)).toBe(false)
})

test('however many there are, the process is listened to once', () => {
  const before = process.listenerCount('exit')
  const folders = Array.from({ length: 20 }, () => makeEphemeralFolder(nodeFiles))
  expect(process.listenerCount('exit')).toBe(before + 1)
  for (const { lock } of folders) lock.release()
  expect(process.listenerCount('exit')).toBe(before)
})
