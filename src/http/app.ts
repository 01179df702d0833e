/** The application: what stands before every route, the routes, and what is at every other path. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { Access, type App, type Env } from './access.js'
import { bodyLimit } from './body-limit.js'
import { answerFailure, failure, HttpFailure } from './failures.js'
import { contentGuard, hostGuard, originGuard, secureHeaders } from './guards.js'
import { metricsPath, metricsRoutes } from './metrics/route.js'
import { openApiInfo } from './openapi.js'
import type { HttpParts } from './parts.js'
import { RecordReader } from './record-reader.js'
import { aclRoutes } from './routes/acls.js'
import { configRoutes } from './routes/configs.js'
import { connectionRoutes } from './routes/connections.js'
import { definitionRoutes } from './routes/definitions.js'
import { groupRoutes } from './routes/groups.js'
import { healthRoutes } from './routes/health.js'
import { liveRoutes } from './routes/live.js'
import { openTransactionRoutes } from './routes/open-transactions.js'
import { overviewRoutes } from './routes/overview.js'
import { quotaRoutes } from './routes/quotas.js'
import { recordRoutes } from './routes/records.js'
import { sessionRoutes } from './routes/session.js'
import { topicRoutes } from './routes/topics.js'
import { transactionRoutes } from './routes/transactions.js'
import { transferRoutes } from './routes/transfer.js'
import { userRoutes } from './routes/users.js'
import { answerFile, plainPage, type StaticFiles } from './static-files.js'
import { Streams } from './streams.js'

export function createApp(parts: HttpParts, files: StaticFiles): App {
  const app = new OpenAPIHono<Env>({
    // What a schema refuses is told with the first thing that is wrong.
    defaultHook: result => {
      if (result.success) return
      const [issue] = result.error.issues
      const place = issue === undefined || issue.path.length === 0 ? result.target : `${result.target} ${issue.path.join('.')}`
      throw failure('INVALID_INPUT', `${place}: ${issue?.message ?? 'cannot be understood'}`)
    },
  })
  app.use(secureHeaders, hostGuard(parts), originGuard, contentGuard)
  app.onError((error, context) => {
    if (error instanceof HttpFailure) return answerFailure(context, error)
    if ('status' in error && error.status === 400) return answerFailure(context, failure('INVALID_INPUT', error.message))
    const { incoming } = context.env ?? {}
    if (incoming?.destroyed && !incoming.complete)
      return answerFailure(context, failure('INVALID_INPUT', 'The body ended early.'))
    parts.log.error({ err: error, path: context.req.path }, 'a request of the HTTP port failed by a bug')
    return answerFailure(context, failure('INTERNAL_ERROR', 'The broker’s log says why.'))
  })
  for (const routes of [healthRoutes]) routes(app, parts)
  const access = new Access(parts)
  app.use('/api/v1/*', bodyLimit)
  sessionRoutes(app, parts, access)
  app.use('/api/v1/*', access.guard)
  for (const routes of [topicRoutes, configRoutes, aclRoutes, quotaRoutes, definitionRoutes]) routes(app)
  for (const routes of [groupRoutes, userRoutes, connectionRoutes, transactionRoutes, openTransactionRoutes, overviewRoutes])
    routes(app, parts)
  app.use(metricsPath, access.guard)
  metricsRoutes(app, parts)
  const reader = new RecordReader(parts.world)
  const streams = new Streams()
  for (const routes of [recordRoutes, liveRoutes, transferRoutes]) routes(app, parts, reader, streams)
  app.doc31('/api/openapi.json', openApiInfo)
  app.get('*', context => {
    const { path } = context.req
    const index = files.get('/index.html')
    const file = path === '/' ? index : files.get(path)
    if (file !== undefined) return answerFile(context, path, file)
    if (path === '/') return context.html(plainPage)
    // A page of the console is a path that a browser asks for by itself.
    const isPage = !path.startsWith('/api/') && /\btext\/html\b/.test(context.req.header('accept') ?? '')
    if (index !== undefined && isPage) return answerFile(context, path, index)
    throw failure('NOT_FOUND', 'There is nothing here; /api/openapi.json lists what is.')
  })
  app.notFound(context => answerFailure(context, failure('NOT_FOUND', 'There is nothing here; /api/openapi.json lists what is.')))
  return app
}
