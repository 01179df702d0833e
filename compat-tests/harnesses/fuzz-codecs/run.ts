/**
 * Spoiled input for every decoder of records: `run.js [--inputs N] [--seed N]
 * [--only NAME]` gives each of them N inputs made from sound ones. Each must end in an error of the right kind or in data
 * within its bound, in time; none may crash, hang or take memory beyond the bound.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage. A finding prints its input.
 */
import { parseArgs } from 'node:util'
import { type Bytes, copyOf } from '#base/bytes.js'
import { MalformedError } from '#protocol/wire.js'
import { Random, randomSeed } from '../../lib/random.js'
import { type Decoder, decoders } from './decoders.js'

/** Seeds are a few KiB: what comes of one is cut off here. */
const OUTPUT_BYTES_MAX = 64 * 1024
/** Far above any honest decode of so few bytes. */
const INPUT_MS_MAX = 2000
const GROWTH_BYTES_MAX = 200 * 1024 * 1024
const FINDINGS_MAX = 5
const TURN_INPUTS = 200
/** Bytes that lengths and counts are made of when they are at their worst. */
const extremes = [0, 1, 0x7f, 0x80, 0xfe, 0xff]

const usage = 'usage: fuzz-codecs/run.js [--inputs N] [--seed N] [--only NAME]'

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        inputs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: String(randomSeed()) },
        only: { type: 'string' },
      },
    })
    const numbers = { inputs: Number(values.inputs), seed: Number(values.seed) }
    const chosen = decoders.filter(({ name }) => values.only === undefined || values.only === name)
    return Object.values(numbers).every(Number.isSafeInteger) && chosen.length > 0 ? { ...numbers, chosen } : null
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  console.log(`seed ${options.seed}, ${options.inputs} inputs for each of ${options.chosen.length} decoders`)
  const failed: Decoder[] = []
  for (const decoder of options.chosen) {
    if (!(await isSound(decoder, options.inputs, options.seed))) failed.push(decoder)
  }
  console.log(failed.length === 0 ? 'fuzz-codecs: passed' : `fuzz-codecs: FAILED: ${failed.map(({ name }) => name).join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

async function isSound(decoder: Decoder, inputs: number, seed: number): Promise<boolean> {
  const random = new Random(seed)
  const startBytes = process.memoryUsage.rss()
  const startMs = performance.now()
  let decoded = 0
  let largest = 0
  let slowestMs = 0
  let findings = 0
  const report = (problem: string, bytes: Bytes) => {
    findings++
    if (findings <= FINDINGS_MAX) console.error(`${decoder.name}: ${problem}\n  input ${Buffer.from(bytes).toString('base64')}`)
  }

  for (const bytes of decoder.seeds) {
    try {
      decoder.decode(copyOf(bytes), OUTPUT_BYTES_MAX)
    } catch (error) {
      // Some formats cannot carry every codec; everything else that is sound must decode.
      if (!(error instanceof MalformedError)) report(`a sound input: ${error}`, bytes)
    }
  }
  for (let input = 0; input < inputs; input++) {
    // Node lets go of what zlib holds between two turns of the loop, as it does between two requests.
    if (input % TURN_INPUTS === 0) await new Promise(resolve => setImmediate(resolve))
    const bytes = spoiled(decoder.seeds, random)
    if (decoder.mend !== null && random.oneIn(2)) decoder.mend(bytes)
    const beforeMs = performance.now()
    const original = copyOf(bytes)
    try {
      const size = decoder.decode(bytes, OUTPUT_BYTES_MAX)
      decoded++
      largest = Math.max(largest, size)
      if (size > OUTPUT_BYTES_MAX) report(`${size} bytes came out`, bytes)
    } catch (error) {
      if (!(error instanceof MalformedError))
        report(error instanceof Error ? (error.stack ?? error.message) : String(error), bytes)
    }
    const tookMs = performance.now() - beforeMs
    slowestMs = Math.max(slowestMs, tookMs)
    // A busy machine may hold up any input once.
    if (tookMs > INPUT_MS_MAX && timeOf(decoder, original) > INPUT_MS_MAX) report(`took ${Math.round(tookMs)} ms twice`, original)
  }
  const grownBytes = process.memoryUsage.rss() - startBytes
  if (grownBytes > GROWTH_BYTES_MAX) report(`grew by ${Math.round(grownBytes / 1024 / 1024)} MiB`, Buffer.alloc(0))
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(
    `${decoder.name}: ${findings === 0 ? 'ok' : `${findings} findings`}, ${decoded} of ${inputs} decoded, largest ${largest} bytes, ` +
      `slowest ${slowestMs.toFixed(1)} ms, ${seconds} s`,
  )
  return findings === 0
}

function timeOf(decoder: Decoder, bytes: Bytes): number {
  const beforeMs = performance.now()
  try {
    decoder.decode(bytes, OUTPUT_BYTES_MAX)
  } catch {
    // Whether it decodes was seen the first time.
  }
  return performance.now() - beforeMs
}

/** One sound input, changed in one to four places, cut, lengthened, joined with another, or nothing but noise. */
function spoiled(seeds: readonly Bytes[], random: Random): Bytes {
  const seed = random.pick(seeds)
  const how = random.below(20)
  if (how === 0) return noise(random.below(200), random)
  if (how === 1) return copyOf(seed.subarray(0, random.below(seed.byteLength + 1)))
  if (how === 2) return Buffer.concat([seed, noise(random.between(1, 40), random)])
  if (how === 3) {
    const other = random.pick(seeds)
    return Buffer.concat([
      seed.subarray(0, random.below(seed.byteLength + 1)),
      other.subarray(random.below(other.byteLength + 1)),
    ])
  }
  const bytes = copyOf(seed)
  if (bytes.byteLength === 0) return bytes
  for (let changes = random.between(1, 4); changes > 0; changes--) {
    // Headers and lengths are in front: half of the changes go there.
    const at = random.below(random.oneIn(2) ? Math.min(bytes.byteLength, 80) : bytes.byteLength)
    const kind = random.below(3)
    if (kind === 0) bytes[at] = bytes[at]! ^ (1 << random.below(8))
    else if (kind === 1) bytes[at] = random.pick(extremes)
    else bytes[at] = random.below(256)
  }
  return bytes
}

function noise(length: number, random: Random): Bytes {
  return Uint8Array.from({ length }, () => random.below(256))
}
