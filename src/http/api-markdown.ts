/** docs/http-api.md, printed from the OpenAPI document of the routes, so that the page cannot differ from what is served. */
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { createApp } from './app.js'
import { ownFailures } from './failures.js'
import { openApiInfo } from './openapi.js'
import type { HttpParts } from './parts.js'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly default?: unknown
  readonly description?: string
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly schema: Schema
    readonly required?: boolean
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export function httpApiMarkdown(): string {
  const { paths, components } = documentOfRoutes()
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? 'other'))].sort()
  const sections = tags.map(tag => {
    const own = operations.filter(({ operation }) => (operation.tags?.[0] ?? 'other') === tag)
    return `## ${tag[0]!.toUpperCase()}${tag.slice(1)}\n\n${own.map(({ method, path, operation }) => section(method, path, operation)).join('\n')}`
  })
  const schemas = Object.entries(components.schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `### ${name}\n\n${shape(schema)}`)
  return `# HTTP API

<!-- Printed by \`npm run docs\` from the routes in src/http; edit them there. -->

\`gregor start\` serves it on \`127.0.0.1:8080\`, or on the next free port, and says so in its ready line; an embedded broker
on what \`gregor.http.listener\` says. The OpenAPI document of a running broker is at \`/api/openapi.json\`.

What a route does, it does as a Kafka client without a socket: with the same checks, rights, quotas and errors. So nobody can
do more here than by Kafka's protocol.

**Logging in.** A broker with an authorizer, or without a \`PLAINTEXT\` listener, answers \`/api/v1\` to who is logged in:
users of SCRAM, and those of \`PLAIN\`, by name and password with each request (\`Authorization: Basic\`), or by \`POST
/api/v1/session\`, whose cookie lasts 12 hours, or as long as the password. Without an authorizer everyone is
\`User:ANONYMOUS\`, as on a \`PLAINTEXT\` listener. [security.md](security.md#the-http-port) says what protects the port.

**Writing.** A \`POST\`, \`PUT\` or \`PATCH\` has \`Content-Type: application/json\`, an import \`application/x-ndjson\` or
\`text/csv\`; what a form of a page elsewhere could send is not taken. On another interface than the loopback nothing is
changed unless \`gregor.http.allow.writes=true\`.

**Errors** are \`{"error": {"type", "code", "message"}}\`. Where Kafka refuses, \`type\` and \`code\` are Kafka's name and
number of the error (\`TOPIC_ALREADY_EXISTS\`, 36), and the status is 404 for what is not there, 403 for what is not allowed,
409 for what is in the way, 413 for what is too large, 429 for a quota, 503 for what may be tried again, 400 for the rest. Of
the port itself, with a \`code\` of null:

| Type | Status |
|---|---|
${Object.entries(ownFailures)
  .map(([type, status]) => `| \`${type}\` | ${status} |`)
  .join('\n')}

**Bounds.** Bodies up to 1 MiB; 8 MiB for records and definitions; an import is read a line at a time, of up to 8 MiB. 64
requests at a time, 32 streams (live tails, exports, imports) beside them, 256 connections. An answer comes within 30 seconds,
or it is \`REQUEST_TIMED_OUT\`. A page of records has at most 500 of them and about 4 MiB, and is looked for in 32 MiB of a
topic at most; its cursor goes on behind them.

${sections.join('\n\n')}

## Schemas

${schemas.join('\n\n')}
`
}

/** Routes that are described and never asked need nothing of a broker. */
function documentOfRoutes(): Document {
  const parts = { world: realWorld, log: silentLog, isLoopback: true, hasTls: false, host: '' } as HttpParts
  const document: unknown = createApp(parts, new Map()).getOpenAPI31Document(openApiInfo)
  return document as Document
}

function section(method: string, path: string, operation: Operation): string {
  const { summary = '', description, parameters = [], requestBody, responses } = operation
  const lines = [`### \`${method} ${path}\`\n`, `${summary}.${description === undefined ? '' : ` ${description}`}\n`]
  const queried = parameters.filter(parameter => parameter.in === 'query')
  if (queried.length > 0) {
    lines.push('| Query | Values | Default | |', '|---|---|---|---|')
    for (const { name, schema } of queried) {
      const fallback = schema.default === undefined ? '' : `\`${schema.default}\``
      lines.push(`| \`${name}\` | ${cell(typeText(schema))} | ${fallback} | ${cell(schema.description ?? '')} |`)
    }
    lines.push('')
  }
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    lines.push(type === 'application/json' ? `Takes ${inline(schema)}\n` : `Takes \`${type}\`.\n`)
  }
  for (const [status, { description, content = {} }] of Object.entries(responses)) {
    if (status === 'default') continue
    const answers = Object.entries(content).map(([type, { schema }]) =>
      type === 'application/json' ? inline(schema) : `\`${type}\``,
    )
    lines.push(`**${status}** ${description}${answers.length === 0 ? '.' : `: ${answers.join(', ')}`}\n`)
  }
  return lines.join('\n')
}

const inline = (schema: Schema): string => (schema.properties === undefined ? typeText(schema) : `\n\n${shape(schema)}`)

/** The properties of an object, a line each; of a type that has none, the type. */
function shape(schema: Schema): string {
  if (schema.properties === undefined) return typeText(schema)
  const lines = ['| Property | Type | |', '|---|---|---|']
  for (const [name, of] of Object.entries(schema.properties)) {
    const fallback = of.default === undefined ? '' : `Default \`${JSON.stringify(of.default)}\`. `
    const isNeeded = schema.required?.includes(name) === true
    lines.push(`| \`${name}\`${isNeeded ? '' : ' ?'} | ${cell(typeText(of))} | ${cell(fallback + (of.description ?? ''))} |`)
  }
  return lines.join('\n')
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!
    return `[${name}](#${name.toLowerCase()})`
  }
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map(value => `\`${value}\``).join(', ')
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return either.map(typeText).join(' or ')
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties).map(([name, of]) => `\`${name}\`: ${typeText(of)}`)
    return `{ ${properties.join(', ')} }`
  }
  if (typeof schema.additionalProperties === 'object') return `${typeText(schema.additionalProperties)} by name`
  const types = [schema.type ?? 'anything'].flat()
  return types.map(type => (type === 'null' ? 'null' : type)).join(' or ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
