// A client that is much work for a broker, in a process of its own: what it does must not delay the one that measures. Its
// parent says when it begins and asks how many requests were answered.
//
//   heavy-client PORT TITLE
import { connect } from 'node:net'
import { heavyLoads } from '../load/heavy-loads.js'

const [portText, title] = process.argv.slice(2)
const port = Number(portText)
const load = heavyLoads.find(each => each.title === title)!
let answered = 0

/** Sends the frames in a row, again and again. */
function run(frames: readonly Buffer[]): void {
  let next = 0
  let head = Buffer.alloc(0)
  let left = 0
  const socket = connect(port, '127.0.0.1', () => socket.write(frames[0]!))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the broker closed a connection')))
  socket.on('data', part => {
    if (left === 0) {
      head = Buffer.concat([head, part])
      if (head.length < 4) return
      left = head.readInt32BE(0) + 4 - head.length
      head = Buffer.alloc(0)
    } else left -= part.length
    if (left > 0) return
    answered++
    next = (next + 1) % frames.length
    socket.write(frames[next]!)
  })
}

function fail(error: Error): void {
  process.stderr.write(`${title}: ${error.message}\n`)
  process.exit(1)
}

const frames = await load.prepare(port)
process.on('message', message => {
  if (message === 'start') for (let count = 0; count < load.connections; count++) run(frames)
  if (message === 'tell') process.send!({ answered })
})
process.on('disconnect', () => process.exit())
process.send!({ ready: true })
