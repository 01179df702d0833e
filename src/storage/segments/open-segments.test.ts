import fs from 'node:fs'
import { expect, test } from 'vitest'
import { realWorld } from '../../base/world.js'
import { type Files, nodeFiles } from '../files.js'
import { batchOf, temporaryFolder } from '../test-kit.test-support.js'
import { OpenSegments } from './open-segments.js'
import { Segment } from './segment.js'

function segments(count: number, openMax: number) {
  const open = new Set<number>()
  const files: Files = {
    ...nodeFiles,
    open(path, mode) {
      const fd = nodeFiles.open(path, mode)
      open.add(fd)
      return fd
    },
    close(fd) {
      open.delete(fd)
      nodeFiles.close(fd)
    },
  }
  const home = { files, pool: new OpenSegments(openMax), folder: temporaryFolder(), prepare: () => {}, removeAfter: () => {} }
  const made = Array.from({ length: count }, (_, n) => {
    const segment = new Segment(home, n * 10, null, realWorld.nowMs(), 0)
    segment.append(batchOf('a', { baseOffset: n * 10 }), n * 10, 5, 4096)
    return segment
  })
  return { made, open }
}

test('no more files are open than the bound says', () => {
  const { made, open } = segments(10, 3)
  expect(open.size).toBe(3)
  for (const segment of made) expect(fs.fstatSync(segment.fd).size).toBe(segment.size)
  expect(open.size).toBe(3)
})

test('what is held stays open, and is closed in its turn afterwards', () => {
  const { made, open } = segments(6, 2)
  const slices = made.slice(0, 4).map(segment => segment.slice(0, segment.size))
  expect(open.size).toBe(4)
  for (const slice of slices) expect(fs.fstatSync(slice.fd).size).toBe(slice.byteLength)
  for (const slice of slices) slice.release()
  for (let n = 0; n < 20; n++) void made[4 + (n % 2)]!.fd
  expect(open.size).toBeLessThanOrEqual(4)
})

test('an abandoned segment closes when its last slice is released', () => {
  const { made, open } = segments(1, 2)
  const slice = made[0]!.slice(0, 61)
  slice.retain()
  made[0]!.remove()
  slice.release()
  expect(open.size).toBe(1)
  expect(fs.readSync(slice.fd, Buffer.alloc(61), 0, 61, slice.position)).toBe(61)
  slice.release()
  expect(open.size).toBe(0)
  expect(() => slice.release()).toThrow('once per retain')
})
