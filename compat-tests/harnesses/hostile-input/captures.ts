/**
 * Request frames of stock clients as files: `captures/<client>.hex`, one line `API VERSION HEX` per frame without its
 * length, and one line `# topic id HEX` of the topic that the frames speak of. At most one frame per API and version.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The topic and the group that all captures speak of. */
export const capturedTopic = 'captured-lines'
export const capturedGroup = 'captured-group'

/** Frames beyond this are too large to be read by people and no better for tests. */
const FRAME_BYTES_MAX = 1500

export interface CapturedFrame {
  readonly client: string
  readonly apiKey: number
  readonly apiVersion: number
  readonly bytes: Buffer
}

export interface Captures {
  readonly frames: readonly CapturedFrame[]
  /** Ids of the captured topic at the time, in the order of the files. */
  readonly topicIds: readonly Buffer[]
}

/** Holds from the sources and from dist, where the captures are not copied. */
const folder = fileURLToPath(new URL('.', import.meta.url)).replace(/dist[/\\]compat-tests/, 'compat-tests')
export const capturesFolder = join(folder, 'captures')

export function readCaptures(): Captures {
  const frames: CapturedFrame[] = []
  const topicIds: Buffer[] = []
  for (const file of readdirSync(capturesFolder).sort()) {
    const client = file.replace(/\.hex$/, '')
    for (const line of readFileSync(join(capturesFolder, file), 'utf8').split('\n')) {
      const [first, second, third, fourth] = line.split(' ')
      if (first === '#' && second === 'topic') topicIds.push(Buffer.from(fourth!, 'hex'))
      else if (first !== '') {
        frames.push({ client, apiKey: Number(first), apiVersion: Number(second), bytes: Buffer.from(third!, 'hex') })
      }
    }
  }
  return { frames, topicIds }
}

export function writeCapture(client: string, topicId: Buffer, frames: readonly Buffer[]): number {
  const best = new Map<string, Buffer>()
  for (const frame of frames) {
    const name = `${frame.readInt16BE(0)} ${frame.readInt16BE(2)}`
    const known = best.get(name)
    if (known === undefined || isBetter(frame, known)) best.set(name, frame)
  }
  const lines = [...best].map(([name, frame]) => `${name} ${frame.toString('hex')}`)
  lines.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  writeFileSync(join(capturesFolder, `${client}.hex`), `# topic id ${topicId.toString('hex')}\n${lines.join('\n')}\n`)
  return lines.length
}

/** The most telling frame is the largest that is not too large. */
function isBetter(frame: Buffer, than: Buffer): boolean {
  if (than.length > FRAME_BYTES_MAX) return frame.length < than.length
  return frame.length <= FRAME_BYTES_MAX && frame.length > than.length
}
