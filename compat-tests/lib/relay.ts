/**
 * A TCP relay that hears every request frame on its way to a broker. Clients reach only it when the broker advertises its
 * address, so it is opened first and told its broker afterwards. It changes nothing.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface Relay {
  /** What the broker must advertise. */
  readonly address: string
  /** HOST:PORT of the broker; before it is set, clients are turned away. */
  target: string | null
  close(): Promise<void>
}

/** `onRequest` gets each frame without its length, whose bytes are its own, and the number of its connection. */
export async function startRelay(onRequest: (frame: Buffer, connection: number) => void): Promise<Relay> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(client => {
    if (relay.target === null) {
      client.destroy()
      return
    }
    const [host, port] = relay.target.split(':')
    const broker = connect(Number(port), host)
    const connection = connections++
    const cut = frameCutter(frame => onRequest(frame, connection))
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('data', chunk => {
        if (from === client) cut(chunk)
        to.write(chunk)
      })
      from.on('error', () => {}) // 'close' follows.
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('end', () => to.end())
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  const relay: Relay = {
    address: `127.0.0.1:${port}`,
    target: null,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return relay
}

/** Cuts a byte stream into frames, however it is split. */
export function frameCutter(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0)
      if (rest.length < end) break
      onFrame(Buffer.from(rest.subarray(4, end)))
      rest = rest.subarray(end)
    }
  }
}
