/**
 * A relay before one listener for one login: it counts connections and the time between them, and passes on bytes, ends and
 * resets as they come.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface CountingRelay {
  readonly address: string
  readonly connections: number
  /** From the end of a connection to the next one, on average; 0 when there was none. */
  readonly pauseMs: number
  close(): void
}

export function countConnections(target: string): Promise<CountingRelay> {
  const [host, port] = target.split(':')
  const sockets = new Set<Socket>()
  let connections = 0
  let endedMs: number | null = null
  const pausesMs: number[] = []
  const server = createServer(client => {
    connections++
    if (endedMs !== null) pausesMs.push(performance.now() - endedMs)
    endedMs = null
    const ended = () => {
      endedMs ??= performance.now()
    }
    const broker = connect(Number(port), host)
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('data', chunk => to.write(chunk))
      from.on('end', () => {
        ended()
        to.end()
      })
      from.on('error', () => {
        ended()
        to.resetAndDestroy()
      })
      from.on('close', () => {
        sockets.delete(from)
        to.destroySoon()
      })
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        address: `127.0.0.1:${port}`,
        get connections() {
          return connections
        },
        get pauseMs() {
          return pausesMs.length === 0 ? 0 : Math.round(pausesMs.reduce((sum, pause) => sum + pause) / pausesMs.length)
        },
        close: () => {
          for (const socket of sockets) socket.destroy()
          server.close()
        },
      })
    })
  })
}
