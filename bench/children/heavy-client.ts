// A client that is much work for a broker, in a process of its own: what it does must not delay the one that measures. Its
// parent says when it begins and asks how many requests were answered.
//
//   heavy-client PORT CONNECTIONS FILE      the file holds the requests, one behind the other
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

const [port, connections, file] = process.argv.slice(2)
let answered = 0

function framesIn(all: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < all.length; at += frames.at(-1)!.length) frames.push(all.subarray(at, at + 4 + all.readInt32BE(at)))
  return frames
}

/** Sends the frames in a row, again and again. */
function run(frames: readonly Buffer[]): void {
  let next = 0
  let head = Buffer.alloc(0)
  let left = 0
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(frames[0]!))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
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
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

const frames = framesIn(readFileSync(file!))
process.on('message', message => {
  if (message === 'start') for (let count = 0; count < Number(connections); count++) run(frames)
  if (message === 'tell') process.send!({ answered })
})
process.on('disconnect', () => process.exit())
process.send!({ ready: true })
