import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeWorld } from '../testing/fake-world.js'
import { openOutput } from './output.js'

/** A pipe's capacity on Linux. */
const pipeBytes = 64 * 1024

describe.skipIf(process.platform !== 'linux')('a pipe that is not read', () => {
  let folder: string
  let reader: number
  let writer: number
  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'gregor-output-'))
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    writer = fs.openSync(path, fs.constants.O_WRONLY)
  })
  afterEach(() => {
    fs.closeSync(reader)
    fs.closeSync(writer)
    fs.rmSync(folder, { recursive: true })
  })

  const read = (): string => {
    const bytes = Buffer.alloc(4 * pipeBytes)
    try {
      return bytes.toString('latin1', 0, fs.readSync(reader, bytes))
    } catch {
      return ''
    }
  }
  const open = () => {
    const world = fakeWorld()
    const lossLine = (dropped: number) => `dropped ${dropped}\n`
    return { world, output: openOutput({ descriptor: writer, world, lossLine, keptBytesMax: 100_000 }) }
  }
  const line = (n: number) => `${String(n).padStart(999, '.')}\n`

  it('does not hold up the writer; what it has no room for is kept, then dropped, and the loss is told once', () => {
    const { world, output } = open()
    for (let n = 0; n < 300; n++) output.write(line(n))
    let text = ''
    for (let round = 0; round < 10; round++) {
      text += read()
      world.advance(50)
    }
    const lines = text.trimEnd().split('\n')
    const numbers = lines.slice(0, -1).map(one => Number(one.replaceAll('.', '')))
    expect(numbers).toEqual(numbers.map((_, n) => n))
    expect(numbers.length).toBeGreaterThanOrEqual(160)
    expect(lines.at(-1)).toBe(`dropped ${300 - numbers.length}`)
    output.write('and on\n')
    expect(read()).toBe('and on\n')
  })

  it('is given up by the end of the process after a while', async () => {
    const { world, output } = open()
    for (let n = 0; n < 100; n++) output.write(line(n))
    let isFlushed = false
    const flushed = output.flush(1000).then(() => {
      isFlushed = true
    })
    for (let ms = 0; ms < 1000; ms += 50) {
      expect(isFlushed).toBe(false)
      world.advance(50)
      await Promise.resolve()
    }
    await flushed
  })
})
