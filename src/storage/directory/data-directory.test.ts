import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { atOnce } from '../../base/slice.js'
import { asDiskFailure, type Files, nodeFiles } from '../files.js'
import { append, batchOf, copyFolder, everything, openTest, temporaryFolder, topicId } from '../test-kit.test-support.js'
import { DirectoryLockedError, lockHolder } from './directory-lock.js'
import { InconsistentDirectoryError } from './open-directory.js'

/** A shell that has a child, which has ended, and does not wait for it. */
async function zombie(): Promise<{ pid: number; startTime: string; reap(): void }> {
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] })
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
  const pid = Number(line.toString())
  // The shell would wait for it: it may end when there is no shell any more.
  await expect.poll(() => fs.readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
  ;(parent.stdio[3] as Writable).end()
  const fields = () => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  await expect.poll(() => fields()[0]).toBe('Z')
  return { pid, startTime: fields()[19]!, reap: () => void parent.kill('SIGKILL') }
}

describe('the lock', () => {
  test('a second broker on the same directory is refused', async () => {
    const { path, directory } = await openTest()
    await expect(openTest({ path })).rejects.toThrow(DirectoryLockedError)
    await directory.close()
    await (await openTest({ path })).directory.close()
    expect(fs.existsSync(`${path}/.lock`)).toBe(false)
  })

  test('an owner that is not seen, as in another container, still has it', async () => {
    const { path, directory } = await openTest()
    const lock = JSON.parse(fs.readFileSync(`${path}/.lock`, 'utf8'))
    fs.writeFileSync(`${path}/.lock`, JSON.stringify({ ...lock, pidNamespace: 'pid:[1]' }))
    await expect(openTest({ path })).rejects.toThrow(/is in use by a process in another container/)
    expect(lockHolder(nodeFiles, path)).toBe('a process in another container')
    await directory.close()
    expect(lockHolder(nodeFiles, path)).toBeNull()
  })

  test('the system lets it go with the process, whatever the lock file says', async () => {
    const path = temporaryFolder()
    // As a zombie's would be: its process id is taken, and started when it says.
    const { directory } = await openTest({ path })
    const text = fs.readFileSync(`${path}/.lock`, 'utf8')
    await directory.close()
    fs.writeFileSync(`${path}/.lock`, text)
    await (await openTest({ path })).directory.close()
  })

  describe('where the system gives none', () => {
    const files: Files = { ...nodeFiles, lockDirectory: () => null }

    test('is said, because another container would not be seen', async () => {
      const { warnings } = await openTest({ files })
      expect(warnings).toEqual(process.platform === 'linux' ? [expect.stringContaining('another container')] : [])
    })

    test('a second broker on the same directory is refused', async () => {
      const { path } = await openTest({ files })
      await expect(openTest({ path, files })).rejects.toThrow(DirectoryLockedError)
    })

    test('the lock of a dead process is taken over', async () => {
      const { path } = await openTest({ files })
      const lock = JSON.parse(fs.readFileSync(`${path}/.lock`, 'utf8'))
      const dead = spawnSync(process.execPath, ['--version']).pid
      fs.writeFileSync(`${path}/.lock`, JSON.stringify({ ...lock, pid: dead }))
      await openTest({ path, files })
      await expect(openTest({ path, files })).rejects.toThrow(DirectoryLockedError)
    })

    test('a process id in use again, and a lock from before a reboot, are no owners', async () => {
      const { path } = await openTest({ files })
      const lock = JSON.parse(fs.readFileSync(`${path}/.lock`, 'utf8'))
      for (const stale of [{ startTime: '1' }, { bootId: 'another' }]) {
        fs.writeFileSync(`${path}/.lock`, JSON.stringify({ ...lock, ...stale }))
        await openTest({ path, files })
      }
    })

    test.runIf(process.platform === 'linux')('a process that has ended and was not asked how is no owner', async () => {
      const { path } = await openTest({ files })
      const lock = JSON.parse(fs.readFileSync(`${path}/.lock`, 'utf8'))
      const { pid, startTime, reap } = await zombie()
      fs.writeFileSync(`${path}/.lock`, JSON.stringify({ ...lock, pid, startTime }))
      await openTest({ path, files })
      reap()
    })
  })

  test('a truncated or empty lock file has no owner', async () => {
    const path = temporaryFolder()
    for (const text of ['', '{"pid":']) {
      fs.writeFileSync(`${path}/.lock`, text)
      await (await openTest({ path })).directory.close()
    }
    expect(fs.readdirSync(path).filter(name => name.startsWith('.lock'))).toEqual([])
  })
})

test('a directory is made with all above it', async () => {
  const path = `${temporaryFolder()}/a/b`
  const { directory } = await openTest({ path })
  expect(fs.readdirSync(path)).toContain('meta.properties')
  await directory.close()
})

test.runIf(process.platform === 'linux')('a directory that cannot be made is refused, and not tried for ever', async () => {
  await expect(openTest({ path: '/proc/none/a' })).rejects.toThrow(/mkdir \/proc\/none\/a/)
})

test('a path that is a file, or below one, is a wrong directory and no failure of the disk', async () => {
  const path = `${temporaryFolder()}/file`
  fs.writeFileSync(path, '')
  for (const wrong of [path, `${path}/data`]) {
    const message = `${path} is a file and not a directory`
    await expect(openTest({ path: wrong })).rejects.toMatchObject({ code: 'DATA_DIRECTORY_UNUSABLE', message })
  }
})

test('so is one that the process may not write', async () => {
  const denied = (): never => {
    throw asDiskFailure(Object.assign(new Error('permission denied'), { code: 'EACCES' }), 'write')
  }
  const path = temporaryFolder()
  const opening = openTest({ path, files: { ...nodeFiles, writeWhole: denied } })
  await expect(opening).rejects.toMatchObject({ code: 'DATA_DIRECTORY_UNUSABLE', message: /permission denied/ })
  // And it is not left locked.
  await openTest({ path })
})

describe('identity', () => {
  test('is written once and kept', async () => {
    const first = await openTest()
    const text = fs.readFileSync(`${first.path}/meta.properties`, 'utf8')
    const { clusterId, directoryId } = first.directory
    expect(text.replace(/# crc32c [0-9a-f]{8}\n$/, '')).toBe(
      `version=1\ncluster.id=${clusterId}\nnode.id=1\ndirectory.id=${directoryId}\n`,
    )
    await first.directory.close()
    const second = await openTest({ path: first.path })
    expect(second.directory).toMatchObject({ clusterId, directoryId })
  })

  test('a directory of another node is refused, and not left locked', async () => {
    const path = temporaryFolder()
    const text = (node: number) => `version=1\ncluster.id=c\nnode.id=${node}\ndirectory.id=d\n`
    fs.writeFileSync(`${path}/meta.properties`, text(2))
    await expect(openTest({ path })).rejects.toThrow(InconsistentDirectoryError)
    fs.writeFileSync(`${path}/meta.properties`, 'version=0\n')
    await expect(openTest({ path })).rejects.toThrow(InconsistentDirectoryError)
    fs.writeFileSync(`${path}/meta.properties`, text(1))
    expect((await openTest({ path })).directory.clusterId).toBe('c')
  })
})

describe('partitions', () => {
  test('a deleted one frees its name at once and its files after the delay', async () => {
    const { directory, path, world } = await openTest({ config: { fileDeleteDelayMs: 1000 } })
    append(directory.createPartition('a.b', 3, topicId), batchOf('old'))
    directory.deletePartition('a.b', 3)
    const aside = fs.readdirSync(path).filter(name => name.endsWith('-delete'))
    expect(aside).toHaveLength(1)
    expect(aside[0]).toMatch(/^a\.b-3\.[0-9a-f]{32}-delete$/)
    const again = directory.createPartition('a.b', 3, 'ZbCdEfGhIjKlMnOpQrStUw')
    expect(again.logEndOffset).toBe(0)
    expect(directory.partition('a.b', 3)).toBe(again)
    world.advance(1000)
    await expect.poll(() => fs.existsSync(`${path}/${aside[0]}`)).toBe(false)
  })

  test('one that could not be made leaves no folder, and can be made later', async () => {
    let isFull = false
    const writeWhole: Files['writeWhole'] = (file, bytes) => {
      if (!isFull) return nodeFiles.writeWhole(file, bytes)
      nodeFiles.writeWhole(file, '')
      throw asDiskFailure(Object.assign(new Error(`ENOSPC: ${file}`), { code: 'ENOSPC' }), `write ${file}`)
    }
    const { directory, path } = await openTest({ files: { ...nodeFiles, writeWhole } })
    isFull = true
    expect(() => directory.createPartition('u', 0, topicId)).toThrow('ENOSPC')
    expect(fs.existsSync(`${path}/u-0`)).toBe(false)
    isFull = false
    append(directory.createPartition('u', 0, topicId), batchOf('a'))
  })

  test('its files stay until it is certain that it is deleted', async () => {
    const { directory, path, world } = await openTest({ config: { fileDeleteDelayMs: 0 } })
    append(directory.createPartition('t', 0, topicId), batchOf('old'))
    let decide = (): void => {}
    const decided = new Promise<void>(resolve => {
      decide = resolve
    })
    directory.deletePartition('t', 0, decided)
    const isThere = () => fs.readdirSync(path).some(name => name.endsWith('-delete'))
    await new Promise(resolve => setImmediate(resolve))
    world.advance(1000)
    await new Promise(resolve => setImmediate(resolve))
    expect(isThere()).toBe(true)
    decide()
    await decided
    world.advance(0)
    await expect.poll(isThere).toBe(false)
  })

  test('the longest topic name can be deleted', async () => {
    const { directory, path } = await openTest()
    const topic = 't'.repeat(249)
    directory.createPartition(topic, 0, topicId)
    directory.deletePartition(topic, 0)
    expect(fs.readdirSync(path).some(name => name.length === 255 && name.endsWith('-delete'))).toBe(true)
  })

  test('what a crash left of a deletion is removed at the next start', async () => {
    const first = await openTest()
    first.directory.createPartition('t', 0, topicId)
    first.directory.deletePartition('t', 0)
    const second = await openTest({ path: copyFolder(first.path) })
    second.world.advance(0)
    await expect.poll(() => fs.readdirSync(second.path).some(name => name.endsWith('-delete'))).toBe(false)
    expect(second.directory.partitions.size).toBe(0)
  })

  test('names with dashes and digits come back as they were', async () => {
    const first = await openTest()
    for (const [topic, index] of [
      ['a-1', 2],
      ['a', 1],
      ['__consumer_offsets', 49],
      ['x.y_z-0-0', 0],
    ] as const) {
      first.directory.createPartition(topic, index, topicId)
    }
    await first.directory.close()
    const second = await openTest({ path: first.path })
    expect([...second.directory.partitions.values()].map(({ topic, index }) => `${topic}/${index}`).sort()).toEqual([
      '__consumer_offsets/49',
      'a-1/2',
      'a/1',
      'x.y_z-0-0/0',
    ])
    expect(second.directory.partition('a-1', 2)).toMatchObject({ topicId, logEndOffset: 0 })
  })
})

test('checkpoints say what is synced, in the format of Kafka', async () => {
  const { directory, path } = await openTest({ durability: 'fsync' })
  const partition = directory.createPartition('t', 0, topicId)
  await append(partition, batchOf('a', { count: 3 })).durable
  await append(partition, batchOf('b')).durable
  await partition.upkeep.deleteRecordsBefore(2)
  await directory.checkpoint()
  expect(fs.readFileSync(`${path}/recovery-point-offset-checkpoint`, 'utf8')).toBe('0\n1\nt 0 4\n')
  expect(fs.readFileSync(`${path}/replication-offset-checkpoint`, 'utf8')).toBe('0\n1\nt 0 4\n')
  expect(fs.readFileSync(`${path}/log-start-offset-checkpoint`, 'utf8')).toBe('0\n1\nt 0 2\n')
})

test('checkpoints are written every minute', async () => {
  const { directory, path, world } = await openTest()
  append(directory.createPartition('t', 0, topicId), batchOf('a'))
  world.advance(60_000)
  await expect.poll(() => fs.existsSync(`${path}/replication-offset-checkpoint`)).toBe(true)
  await directory.close()
  expect(world.pendingTimers).toBe(0)
})

test('without syncs the recovery point stays behind what the system has not written', async () => {
  const { directory } = await openTest({ config: { segmentBytes: 200 } })
  const partition = directory.createPartition('t', 0, topicId)
  append(partition, batchOf('a', { valueBytes: 60 }))
  expect(partition.recoveryPoint).toBe(0)
  append(partition, batchOf('a', { valueBytes: 60 }))
  await expect.poll(() => partition.recoveryPoint).toBe(1)
})

describe('an ephemeral directory', () => {
  test('is gone after close', async () => {
    const { directory, path } = await openTest({ path: null })
    const partition = directory.createPartition('t', 0, topicId)
    expect(append(partition, batchOf('a')).durable).toBeNull()
    expect(partition.highWatermark).toBe(1)
    expect(directory.isEphemeral).toBe(true)
    const read = atOnce(partition.read(0, everything))
    await directory.close()
    expect(fs.existsSync(path)).toBe(false)
    if (typeof read === 'number') throw new Error('no read')
    expect(fs.readSync(read.slices[0]!.fd, Buffer.alloc(61), 0, 61, 0)).toBe(61)
    read.slices[0]!.release()
  })

  test('never syncs', async () => {
    const { nodeFiles } = await import('../files.js')
    const refuse = () => Promise.reject(new Error('synced'))
    const files = { ...nodeFiles, syncData: refuse, syncPath: refuse }
    const { directory } = await openTest({ path: null, files, config: { segmentBytes: 200 } })
    const partition = directory.createPartition('t', 0, topicId)
    for (let n = 0; n < 5; n++) append(partition, batchOf('a', { valueBytes: 60 }))
    await directory.close()
  })
})
