// Starts ten brokers one after the other inside a process that runs already, as a test suite does, and prints how long each
// took, in milliseconds. Beside them: loading the package, and a bare server that only listens.
import { createServer } from 'node:net'

const brokerCount = 10

const loadStart = performance.now()
const { startBroker } = await import('gregor')
const loadMs = performance.now() - loadStart

const listenStart = performance.now()
await new Promise<void>(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => server.close(() => resolve()))
})
const listenMs = performance.now() - listenStart

const readyMs: number[] = []
const brokers = []
for (let count = 0; count < brokerCount; count++) {
  const start = performance.now()
  brokers.push(await startBroker({ port: 0 }))
  readyMs.push(performance.now() - start)
}
const stopStart = performance.now()
await Promise.all(brokers.map(broker => broker.stop()))
const stopMs = performance.now() - stopStart

process.stdout.write(`${JSON.stringify({ loadMs, listenMs, readyMs, stopMs })}\n`)
