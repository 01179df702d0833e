// A bare Node TCP server, the measure of what Node itself costs before a broker does anything. It speaks no protocol: answers
// are given to it ready-made.
//
//   bare-node listen                                                            takes what comes and answers nothing
//   bare-node receive REQUEST-BYTES ANSWER-HEX BASE-OFFSET-AT RECORDS-PER-BATCH  answers once per REQUEST-BYTES received
//   bare-node send FILE HEAD-HEX TAIL-HEX RECORD-BYTES OFFSET-AT BATCH-BYTES RECORDS-PER-BATCH
//                                                                               answers with a slice of the file
//   bare-node replay FILE                                                       answers as a broker did, after as much work
import { openSync, readFileSync, readSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { requestCorrelationAt, responseCorrelationAt } from '../lib/frames.js'
import { decodedScript } from '../load/script.js'

const [mode, ...args] = process.argv.slice(2)
const serve = serverOf(mode, args)
const server = createServer({ noDelay: true }, socket => {
  socket.on('error', () => {})
  serve(socket)
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`)
})

function serverOf(mode: string | undefined, args: readonly string[]): (socket: Socket) => void {
  switch (mode) {
    case 'receive':
      return receiving(Number(args[0]), Buffer.from(args[1]!, 'hex'), Number(args[2]), BigInt(args[3]!))
    case 'send':
      return sending(args)
    case 'replay':
      return replaying(args[0]!)
    default:
      return socket => socket.on('data', () => {})
  }
}

function receiving(requestBytes: number, answer: Buffer, baseOffsetAt: number, recordsPerBatch: bigint) {
  return (socket: Socket) => {
    let bytes = 0
    let offset = 0n
    socket.on('data', chunk => {
      bytes += chunk.length
      for (; bytes >= requestBytes; bytes -= requestBytes) {
        const own = Buffer.from(answer)
        own.writeBigInt64BE(offset, baseOffsetAt)
        offset += recordsPerBatch
        socket.write(own)
      }
    })
  }
}

function sending([path, headHex, tailHex, ...numbers]: readonly string[]) {
  const file = openSync(path!, 'r')
  const head = Buffer.from(headHex!, 'hex')
  const tail = Buffer.from(tailHex!, 'hex')
  const [recordBytes, offsetAt, batchBytes, recordsPerBatch] = numbers.map(Number) as [number, number, number, number]
  return (socket: Socket) => {
    // A request is small and comes in one piece: the client has only one in flight.
    socket.on('data', request => {
      const position = (Number(request.readBigInt64BE(offsetAt)) / recordsPerBatch) * batchBytes
      const answer = Buffer.allocUnsafeSlow(head.length + recordBytes + tail.length)
      answer.set(head)
      readSync(file, answer, head.length, recordBytes, position)
      answer.set(tail, head.length + recordBytes)
      socket.write(answer)
    })
  }
}

const sliceMs = 1
const headBytes = requestCorrelationAt + 4

/** Work that the answers wait for: one slice of it in a turn of the event loop, for all connections together. */
const working: { leftMs: number; readonly done: () => void }[] = []

function work(): void {
  const first = working.shift()!
  const ms = Math.min(sliceMs, first.leftMs)
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
  first.leftMs -= ms
  if (first.leftMs > 0) working.push(first)
  else first.done()
  if (working.length > 0) setImmediate(work)
}

function replaying(path: string) {
  const script = decodedScript(readFileSync(path, 'utf8'))
  return (socket: Socket) => {
    let head = Buffer.alloc(0)
    let left = 0
    const answer = (request: Buffer): void => {
      const { answer, workMs } = script(request)
      const start = Buffer.from(answer.subarray(0, responseCorrelationAt + 4))
      request.copy(start, responseCorrelationAt, requestCorrelationAt, headBytes)
      const send = (): void => {
        socket.cork()
        socket.write(start)
        socket.write(answer.subarray(start.length))
        socket.uncork()
      }
      if (workMs === 0) send()
      else if (working.push({ leftMs: workMs, done: send }) === 1) setImmediate(work)
    }
    socket.on('data', part => {
      for (let at = 0; at < part.length; ) {
        const start = at
        if (left === 0) {
          at += Math.min(headBytes - head.length, part.length - at)
          head = Buffer.concat([head, part.subarray(start, at)])
          if (head.length < headBytes) return
          left = head.readInt32BE(0) + 4 - headBytes
        }
        const taken = Math.min(left, part.length - at)
        at += taken
        left -= taken
        if (left > 0) return
        answer(head)
        head = Buffer.alloc(0)
      }
    })
  }
}
