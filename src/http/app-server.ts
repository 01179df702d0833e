/** Node's HTTP server with the application in it, loaded by the first client. */
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createApp } from './app.js'
import { failure } from './failures.js'
import { answerAlone } from './guards.js'
import { type Application, type HttpParts, httpConnectionsMax } from './parts.js'
import { readStaticFiles } from './static-files.js'
import type { HttpIdentity } from './tls.js'

/** From the first byte of a request to its last. */
const requestMsMax = 5 * 60_000
const headersMsMax = 10_000
const silentMsMax = 120_000
const keepAliveMs = 30_000
const headerBytesMax = 16 * 1024

export async function openApplication(parts: HttpParts, identity: HttpIdentity | null): Promise<Application> {
  const app = createApp(parts, await readStaticFiles())
  const listener = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // What is no request by its own words, such as a host that is none.
    errorHandler: () => answerAlone(failure('INVALID_INPUT', 'The request cannot be understood.')),
  })
  const options: http.ServerOptions = {
    requestTimeout: requestMsMax,
    headersTimeout: headersMsMax,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headerBytesMax,
    noDelay: true,
  }
  const server =
    identity === null
      ? http.createServer(options, listener)
      : https.createServer({ ...options, ...identity, minVersion: 'TLSv1.2' }, listener)
  server.maxConnections = httpConnectionsMax
  // A stream says something every quarter of a minute: who takes nothing for so long does not read it.
  server.timeout = silentMsMax
  return {
    takeOver(bare, unref) {
      server.listen(bare)
      if (unref) server.unref()
    },
    serve(socket: net.Socket) {
      server.emit('connection', socket)
      socket.resume()
    },
    useIdentity(fresh) {
      if (server instanceof https.Server) server.setSecureContext({ ...fresh, minVersion: 'TLSv1.2' })
    },
    async close(graceMs) {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      const end = parts.world.host.after(graceMs, () => server.closeAllConnections())
      await closed
      end.cancel()
    },
  }
}
