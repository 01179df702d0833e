// A broker inside this process whose event loop is watched: how much later than due the loop came round, which is how long
// every connection had to wait for something that held it up. Its parent asks for the figures over the IPC channel.
//
//   observed-broker DATA-DIR DURABILITY
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startBroker } from 'gregor'

const resolutionMs = 1
const nanosecondsPerMs = 1e6

const [dataDir, durability] = process.argv.slice(2)
const broker = await startBroker({ port: 0, dataDir: dataDir!, config: { 'gregor.durability': durability! } })
const delays = monitorEventLoopDelay({ resolution: resolutionMs })

process.on('message', async message => {
  switch (message) {
    case 'watch':
      delays.enable()
      delays.reset()
      process.send!({ watching: true })
      break
    case 'tell':
      delays.disable()
      // The samples are times between two wake-ups of a timer, and hold the timer's own interval.
      process.send!({
        p50: delays.percentile(50) / nanosecondsPerMs - resolutionMs,
        p99: delays.percentile(99) / nanosecondsPerMs - resolutionMs,
        max: delays.max / nanosecondsPerMs - resolutionMs,
      })
      break
    case 'stop':
      await broker.stop()
      process.disconnect()
      break
  }
})
process.send!({ port: broker.port })
