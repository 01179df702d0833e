/**
 * One scrape: what there is to see is gathered, then one family after the other becomes text, some hundred series at a time and
 * with pauses, so that Kafka's clients do not wait for it. Who scrapes while another does gets the same answer.
 */
import { type Metric, Registry } from 'prom-client'
import { Slices } from '../../storage/slices.js'
import type { HttpParts } from '../parts.js'
import type { Family, Sample } from './family.js'
import { Looks } from './look.js'
import type { Seen } from './seen.js'
import { familyGroups } from './table.js'

/** Some tenths of a millisecond. */
const seriesAtOnce = 100
const encoder = new TextEncoder()

export class Scraper {
  readonly #registry = new Registry()
  readonly #looks: Looks
  /** What the registry is to write next, of the family that it is asked for. */
  #samples: Sample[] = []
  #running: Promise<readonly Uint8Array[]> | null = null

  constructor(parts: HttpParts) {
    this.#looks = new Looks(parts)
    for (const { families } of familyGroups) {
      for (const { name, type, help } of families) {
        const metric = { name, get: async () => ({ name, type, help, values: this.#samples, aggregator: 'omit' }) }
        this.#registry.registerMetric(metric as unknown as Metric)
      }
    }
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The answer, in pieces that all who wait for it share. */
  scrape(): Promise<readonly Uint8Array[]> {
    this.#running ??= this.#scrape().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #scrape(): Promise<readonly Uint8Array[]> {
    const leftOut = new Map<string, number>()
    const seen = await this.#looks.look(leftOut)
    const seriesMax = seen.broker.config.get('gregor.http.metrics.series.max')
    const slices = Slices.ofRequest(seen.world.host)
    const pieces: Uint8Array[] = []
    for (const { families, key } of familyGroups) {
      if (key !== undefined && !seen.broker.config.get(key)) continue
      for (const family of families) {
        const count = await this.#write(family, seen, seriesMax, slices, pieces)
        if (count > seriesMax) leftOut.set(family.name, count - seriesMax)
      }
    }
    return pieces
  }

  /** How many series there are; no more than `seriesMax` are written. */
  async #write(family: Family, seen: Seen, seriesMax: number, slices: Slices, pieces: Uint8Array[]): Promise<number> {
    let count = 0
    let written = 0
    const flush = async (): Promise<void> => {
      if (this.#samples.length > 0) pieces.push(encoder.encode(await this.#text(family, written === 0)))
      written += this.#samples.length
      this.#samples = []
      if (slices.isOver) await slices.next()
    }
    for (const sample of family.read(seen)) {
      if (++count <= seriesMax) this.#samples.push(sample)
      if (count % seriesAtOnce === 0) await flush()
    }
    await flush()
    return count
  }

  /** The library writes a family as a whole; what it writes above the series stands above the first of them alone. */
  async #text({ name }: Family, isFirst: boolean): Promise<string> {
    const text = await this.#registry.getSingleMetricAsString(name)
    const from = isFirst ? 0 : text.indexOf('\n', text.indexOf('\n') + 1) + 1
    return `${text.slice(from)}\n`
  }
}
