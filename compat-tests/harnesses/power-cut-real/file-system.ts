/**
 * File systems of our own for a test: an ext4 in a file, which can lose power, and a small tmpfs, which can be full. Both need
 * root and a kernel that lets us mount; where that is not so, `create` answers with the reason.
 */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compatSources } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'

async function must(program: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await run(program, args)
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`)
}

/** An ext4 on a loop device. */
export class CuttableDisk {
  private constructor(
    readonly folder: string,
    private readonly image: string,
    private readonly cutter: string,
  ) {}

  static async create(scratch: string, bytes: number): Promise<CuttableDisk | string> {
    const image = join(scratch, 'disk.img')
    const folder = join(scratch, 'disk')
    const cutter = join(scratch, 'cut-power')
    mkdirSync(folder, { recursive: true })
    writeFileSync(image, '')
    truncateSync(image, bytes)
    const disk = new CuttableDisk(folder, image, cutter)
    try {
      await must('cc', '-O2', '-o', cutter, join(compatSources, 'harnesses', 'power-cut-real', 'cut-power.c'))
      await must('mkfs.ext4', '-q', '-F', image)
      await disk.mount()
    } catch (error) {
      return (error as Error).message
    }
    try {
      // Once for nothing: not every kernel lets us.
      await disk.cutPower()
      await disk.comeBack()
    } catch (error) {
      await disk.unmount()
      return (error as Error).message
    }
    return disk
  }

  mount(): Promise<void> {
    return must('mount', '-o', 'loop', this.image, this.folder)
  }

  /** From here on nothing reaches the disk, and every call fails. */
  cutPower(): Promise<void> {
    return must(this.cutter, this.folder)
  }

  /** The machine comes back: the file system replays its journal and is checked. */
  async comeBack(): Promise<void> {
    await this.unmount()
    await this.mount()
  }

  unmount(): Promise<void> {
    return must('umount', this.folder)
  }
}

export class SmallDisk {
  private constructor(readonly folder: string) {}

  static async create(scratch: string, bytes: number): Promise<SmallDisk | string> {
    const folder = join(scratch, 'small')
    mkdirSync(folder, { recursive: true })
    try {
      await must('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'none', folder)
    } catch (error) {
      return (error as Error).message
    }
    return new SmallDisk(folder)
  }

  unmount(): Promise<void> {
    return must('umount', this.folder)
  }
}
