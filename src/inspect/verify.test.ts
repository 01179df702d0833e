import { describe, expect, test } from 'vitest'
import { dump as dumpVerb } from '../cli/dump.js'
import { verify as verifyVerb } from '../cli/verify.js'
import { Ledger } from '../simulation/ledger.js'
import { dataPath, SimulatedBroker } from '../simulation/simulated-broker.js'
import { drawStep, Workload } from '../simulation/workload.js'
import { nodeFiles } from '../storage/files.js'
import { append, batchOf, openTest, topicId } from '../storage/test-kit.test-support.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { verifyDirectories, verifyDirectory } from './verify-directory.js'

/** A directory that a broker has worked in, stopped in order unless its power is to fail. */
async function worked(seed: number, steps = 120): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(dataPath)
  const random = new SeededRandom(seed)
  const broker = await SimulatedBroker.open({ disk, seed })
  const workload = new Workload(broker, new Ledger(), random)
  for (let step = 0; step < steps; step++) {
    const next = drawStep(random)
    if (next !== 'restart' && next !== 'delete') await workload.run(next)
  }
  await workload.finish()
  await broker.stop()
  return disk
}

const messages = (disk: SimulatedDisk, severity = 'damage') =>
  verifyDirectory(disk.files, dataPath)
    .findings.list.filter(finding => finding.severity === severity)
    .map(({ path, message }) => `${path}: ${message}`)

const fileOf = (disk: SimulatedDisk, pattern: RegExp) => disk.paths(dataPath).find(path => pattern.test(path))!

test.each(Array.from({ length: 20 }, (_, n) => n + 1))('what a broker leaves is sound, whatever it did (seed %i)', async seed => {
  const disk = await worked(seed)
  const { partitions, wasClosedCleanly } = verifyDirectory(disk.files, dataPath)
  expect(messages(disk)).toEqual([])
  expect(wasClosedCleanly).toBe(true)
  expect(partitions.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(50)
})

test('what Kafka leaves when it stops is sound', async () => {
  const disk = await withTopicX()
  disk.files.remove(`${dataPath}/gregor-checkpoint`)
  // A checkpoint about which there was nothing to say.
  disk.files.writeWhole(`${dataPath}/cleaner-offset-checkpoint`, '')
  // Kafka closes its metadata log without an entry for the last time in it, and leaves the index at its full size.
  const log = disk.paths(dataPath).findLast(path => /__cluster_metadata-0\/\d{20}\.log/.test(path))!
  disk.files.writeWhole(log.replace(/log$/, 'timeindex'), new Uint8Array(1200))
  expect(messages(disk)).toEqual([])
})

test('a segment of which compaction left an emptied batch at the end is sound', async () => {
  const config = { isCompacted: true, deletesOld: false, segmentBytes: 1000, dirtyRatioMin: 0 }
  const { directory, path } = await openTest({ config })
  const partition = directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 30; n++) append(partition, batchOf(`r${n}`, { valueBytes: 200, timestampMs: 1_700_000_000_000 + n }))
  expect(await directory.compactLogs()).toBe(1)
  await directory.close()
  expect(verifyDirectory(nodeFiles, path).findings.list.filter(({ severity }) => severity === 'damage')).toEqual([])
})

test('several directories are one broker: its metadata in one of them, each partition in one', async () => {
  const disk = new SimulatedDisk(dataPath)
  const directories = [dataPath, '/b', '/c']
  const broker = await SimulatedBroker.open({ disk, seed: 1, settings: { 'log.dirs': directories.join(',') } })
  const topic = { name: 't', assignments: [], configs: new Map(), partitionCount: 3, replicationFactor: 1 }
  await broker.until(broker.core.services.topics.create(topic))
  await broker.stop()
  const notes = (paths: readonly string[]) =>
    verifyDirectories(disk.files, paths).flatMap(({ path, findings }) =>
      findings.list.map(one => `${path} ${one.path}: ${one.message.replace(/directory\.id .*/, '…')}`),
    )
  expect(notes(directories)).toEqual([])
  expect(notes([dataPath, '/c'])).toEqual([`${dataPath} t-1: is in a data directory that is not among these (…`])
  const text: string[] = []
  const to = (line: string): void => void text.push(line)
  expect(verifyVerb({ args: directories, stdout: to, stderr: to }, disk.files)).toBe(0)
  expect(text.filter(line => directories.includes(line.trim())).map(line => line.trim())).toEqual(directories)
  expect(dumpVerb({ args: directories, stdout: to, stderr: to }, disk.files)).toBe(0)
})

test('it changes nothing', async () => {
  const disk = await worked(3)
  const before = disk.paths().map(path => `${path} ${disk.files.readWhole(path)?.toString()}`)
  disk.beforeCall = ({ changes, operation }) => (changes && operation !== 'open' ? 'EIO' : undefined)
  verifyDirectory(disk.files, dataPath)
  expect(disk.paths().map(path => `${path} ${disk.files.readWhole(path)?.toString()}`)).toEqual(before)
})

describe('damage is found in', () => {
  const flipped = (at: number) => (bytes: Buffer) => {
    bytes[at] = bytes[at]! ^ 0x10
  }
  test.each([
    ['a record', /x-0\/0{20}\.log/, flipped(75), /x-0\/0{20}\.log: the batch at offset 0 has a wrong checksum/],
    ['an offset', /x-0\/0{20}\.log/, flipped(6), /x-0\/0{20}\.log: offsets 0 to \d+ are missing/],
    ['the length of a batch', /x-0\/0{20}\.log/, flipped(8), /bytes that are not a complete batch/],
    ['an offset index', /x-0\/0{20}\.index/, flipped(3), /x-0\/0{20}\.index: entry 0: offset \d+ at \d+ matches no batch/],
    [
      'a time index',
      /x-0\/0{20}\.timeindex/,
      flipped(7),
      /x-0\/0{20}\.timeindex: entry 0: time \d+ at offset \d+ matches no batch/,
    ],
    ['a producer snapshot', /x-0\/\d{20}\.snapshot/, flipped(3), /snapshot: producer snapshot: CRC/],
    ['the epochs', /x-0\/leader-epoch-checkpoint/, flipped(0), /leader-epoch-checkpoint: is not a version 0 checkpoint/],
    ['the identity of a partition', /x-0\/partition.metadata/, flipped(13), /does not say which topic this is/],
    ['the identity of the directory', /meta.properties/, flipped(3), /meta.properties: has no cluster id/],
    ['the checkpoint', /gregor-checkpoint/, flipped(30), /gregor-checkpoint: is damaged/],
    ["Kafka's checkpoints", /recovery-point-offset-checkpoint/, flipped(0), /is not a version 0 checkpoint/],
  ])('%s', async (_what, pattern, change, expected) => {
    const disk = await withTopicX()
    disk.damage(fileOf(disk, pattern), change)
    expect(messages(disk).join('\n')).toMatch(expected)
  })

  test('a segment that is gone', async () => {
    const disk = await withTopicX()
    disk.files.remove(disk.paths(dataPath).filter(path => /x-0\/\d{20}\.log/.test(path))[1]!)
    expect(messages(disk).join('\n')).toMatch(/offsets \d+ to \d+ are missing before it/)
  })
})

async function withTopicX(): Promise<SimulatedDisk> {
  for (let seed = 1; ; seed++) {
    const disk = await worked(seed, 200)
    if (disk.paths(dataPath).filter(path => /x-0\/\d{20}\.log/.test(path)).length > 2) return disk
  }
}

test('a torn end is a note as long as the next start will look at it', async () => {
  const disk = await withTopicX()
  disk.files.remove(`${dataPath}/.kafka_cleanshutdown`)
  const last = disk.paths(dataPath).findLast(path => /x-0\/\d{20}\.log/.test(path))!
  const fd = disk.files.open(last, 'write')
  disk.files.truncate(fd, disk.files.size(fd) - 3)
  expect(messages(disk).filter(line => !/synced up to/.test(line))).toEqual([])
  expect(messages(disk, 'note').join()).toMatch(/not a complete batch; the next start looks at them/)
})

describe('the command', () => {
  const run = (verb: typeof verifyVerb, disk: SimulatedDisk, ...args: string[]) => {
    let [stdout, stderr] = ['', '']
    const terminal = {
      args,
      stdout: (text: string) => {
        stdout += text
      },
      stderr: (text: string) => {
        stderr += text
      },
    }
    const code = verb(terminal, disk.files)
    return { code, stdout, stderr }
  }

  test('says that all is well, for people and for programs', async () => {
    const disk = await worked(5)
    const { code, stdout } = run(verifyVerb, disk, dataPath)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok {6}__cluster_metadata-0: offsets 0 to \d+, /)
    expect(stdout).toMatch(/\n\d+ partitions, 0 damaged places, \d+ notes; closed cleanly\n$/)
    expect(JSON.parse(run(verifyVerb, disk, dataPath, '--json').stdout)).toMatchObject({ isSound: true })
  })

  test('ends with 4 where something is wrong', async () => {
    const disk = await withTopicX()
    disk.damage(fileOf(disk, /x-0\/0{20}\.log/), bytes => {
      bytes[75] = bytes[75]! ^ 1
    })
    const { code, stdout } = run(verifyVerb, disk, dataPath)
    expect(code).toBe(4)
    expect(stdout).toMatch(/\nDAMAGE {2}x-0: .*\n {2}DAMAGE {2}x-0\/0{20}\.log at byte 0: the batch at offset 0 has a wrong/)
    expect(JSON.parse(run(verifyVerb, disk, dataPath, '--json').stdout)).toMatchObject({ isSound: false })
  })

  test('leaves a directory alone that is in use', async () => {
    const disk = new SimulatedDisk(dataPath)
    await SimulatedBroker.open({ disk, seed: 1 })
    expect(run(verifyVerb, disk, dataPath)).toMatchObject({ code: 4, stderr: expect.stringMatching(/in use by process \d+/) })
  })

  test.each([
    [verifyVerb, '/etc', /\/etc is not a data directory/],
    [dumpVerb, '/etc', /\/etc is not a data directory/],
    [dumpVerb, '/etc/passwd', /\/etc\/passwd is not a file of a data directory/],
  ])('what is none of ours is not judged and not shown (%#)', (verb, path, expected) => {
    const disk = new SimulatedDisk('/etc')
    disk.files.writeWhole('/etc/passwd', 'root:x:0:0')
    disk.files.makeDirectory('/etc/rc-5')
    expect(run(verb, disk, path)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(expected) })
  })

  test.each([[[]], [['a', 'b']], [['/no/such/folder']], [['--no-such-option']]])('%j is wrong usage', async args => {
    expect(run(verifyVerb, new SimulatedDisk(dataPath), ...args)).toMatchObject({ code: 2, stdout: '' })
    expect(run(dumpVerb, new SimulatedDisk(dataPath), ...args)).toMatchObject({ code: 2, stdout: '' })
  })

  test('dump shows batches, records, index entries and producers', async () => {
    const disk = await withTopicX()
    const shown = (...args: string[]) => run(dumpVerb, disk, ...args).stdout
    expect(shown(dataPath)).toMatch(/^__cluster_metadata-0\/0{20}\.log\n {2}offsets 0-\d+, position 0, \d+ bytes, \d+ records/)
    expect(shown(`${dataPath}/x-0`, '--records')).toMatch(/\n {4}0 \d{4}-.*Z key null value "b\w+\|0\|\.*"\n/)
    expect(shown(fileOf(disk, /__cluster_metadata-0\/0{20}\.log/), '--records')).toContain('"kind":"topic","name":"x"')
    expect(shown(fileOf(disk, /__consumer_offsets-\d\/0{20}\.log/), '--records')).toMatch(/key \{"group":"\w+","topic":/)
    expect(shown(fileOf(disk, /x-0\/0{20}\.index/))).toMatch(/\n {2}offset \d+ position \d+\n/)
    expect(shown(fileOf(disk, /x-0\/0{20}\.timeindex/))).toMatch(/\n {2}time \d{4}-.* offset \d+\n/)
    const snapshots = disk.paths(dataPath).filter(path => /x-0\/\d{20}\.snapshot/.test(path))
    expect(snapshots.map(path => shown(path)).join('')).toMatch(/\n {2}producer \d+ epoch 0: sequences \d+-\d+ at \d+-\d+/)
    expect(shown(fileOf(disk, /meta.properties/))).toMatch(/\nversion=1\n/)
  })

  test('dump says where reading ends', async () => {
    const disk = await withTopicX()
    const path = fileOf(disk, /x-0\/0{20}\.log/)
    disk.damage(path, bytes => {
      bytes[75] = bytes[75]! ^ 1
      bytes[bytes.byteLength - 1] = bytes.at(-1)! ^ 1
    })
    const fd = disk.files.open(path, 'write')
    disk.files.truncate(fd, disk.files.size(fd) - 1)
    expect(run(dumpVerb, disk, path).stdout).toMatch(/WRONG CHECKSUM\n(.*\n)* {2}\d+: \d+ bytes that are not a complete batch\n$/)
  })
})
