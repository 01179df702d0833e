/**
 * What was measured, by a name that a client may choose. So there are bounds: what was not used for an hour goes, as in Kafka,
 * and of too many what was not used the longest. Pure: it is told the time.
 */
const idleMsMax = 3_600_000
export const sensorsMax = 50_000
/** Of their names together. */
export const sensorNameCharsMax = 8 * 1024 * 1024

interface Kept<Sensor> {
  readonly sensor: Sensor
  usedMs: number
}

export class Sensors<Sensor> {
  readonly #make: () => Sensor
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept<Sensor>>()
  #chars = 0

  constructor(make: () => Sensor) {
    this.#make = make
  }

  get size(): number {
    return this.#kept.size
  }

  of(name: string, nowMs: number): Sensor {
    this.#drop(({ usedMs }) => nowMs - usedMs > idleMsMax)
    const known = this.#kept.get(name)
    if (known !== undefined) {
      this.#kept.delete(name)
      this.#kept.set(name, known)
      known.usedMs = nowMs
      return known.sensor
    }
    this.#drop(() => this.#kept.size >= sensorsMax || this.#chars > sensorNameCharsMax)
    const sensor = this.#make()
    this.#kept.set(name, { sensor, usedMs: nowMs })
    this.#chars += name.length
    return sensor
  }

  /** From the one that was not used the longest on. */
  #drop(isToGo: (kept: Kept<Sensor>) => boolean): void {
    for (const [name, kept] of this.#kept) {
      if (!isToGo(kept)) return
      this.#kept.delete(name)
      this.#chars -= name.length
    }
  }
}
