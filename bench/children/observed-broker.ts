// A broker inside this process whose event loop is watched: how much later than due the loop came round, which is how long
// every connection had to wait for something that held it up. Its parent asks for the figures over the IPC channel.
//
//   observed-broker DATA-DIR DURABILITY [HTTP-LISTENER]
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startBroker } from 'gregor'
import { Histogram } from '../load/histogram.js'

const resolutionMs = 1
const nanosecondsPerMs = 1e6

const [dataDir, durability, httpListener = ''] = process.argv.slice(2)
const config = { 'gregor.durability': durability!, 'gregor.http.listener': httpListener }
const broker = await startBroker({ port: 0, dataDir: dataDir!, config })
const delays = monitorEventLoopDelay({ resolution: resolutionMs })

/**
 * The processor time of the loop's own thread from one wake-up of a timer to the next, by the scheduler's account: what the loop
 * itself did while the timer was due, whoever else had the machine's cores.
 */
class Turns {
  readonly #times = new Histogram()
  #isOver = false

  constructor() {
    this.#watch(threadMs())
  }

  #watch(before: number): void {
    setTimeout(() => {
      if (this.#isOver) return
      const now = threadMs()
      this.#times.record(now - before)
      this.#watch(now)
    }, resolutionMs)
  }

  end(): { turnP99: number; turnMax: number } {
    this.#isOver = true
    return { turnP99: this.#times.percentileMs(0.99), turnMax: this.#times.maxMs }
  }
}

function threadMs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / nanosecondsPerMs
}

let turns: Turns | null = null

process.on('message', async message => {
  switch (message) {
    case 'watch':
      delays.enable()
      delays.reset()
      turns = new Turns()
      process.send!({ watching: true })
      break
    case 'tell':
      delays.disable()
      // The samples are times between two wake-ups of a timer, and hold the timer's own interval.
      process.send!({
        p50: delays.percentile(50) / nanosecondsPerMs - resolutionMs,
        p99: delays.percentile(99) / nanosecondsPerMs - resolutionMs,
        max: delays.max / nanosecondsPerMs - resolutionMs,
        ...turns!.end(),
      })
      break
    case 'stop':
      await broker.stop()
      process.disconnect()
      break
  }
})
process.send!({ port: broker.port, http: broker.http?.url })
