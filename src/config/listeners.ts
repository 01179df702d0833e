/**
 * Turns listeners and advertised.listeners into the addresses to bind and the addresses to tell clients. Text in, values
 * or problems out; nothing is resolved or opened here.
 */

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface ListenerConfig {
  /** Upper-case listener name, PLAINTEXT unless the configuration names its own. */
  readonly name: string
  readonly protocol: SecurityProtocol
  /** Address to bind; '' is every interface. IPv6 without brackets. */
  readonly host: string
  /** 0 is a free port. */
  readonly port: number
  /**
   * What to tell clients; null reflects the address on which each client came in, an empty host the host alone. Port 0 is the
   * port really bound.
   */
  readonly advertised: { readonly host: string; readonly port: number } | null
}

interface ListenerTexts {
  readonly listeners: readonly string[]
  readonly advertised: readonly string[] | null
  readonly protocolMap: readonly string[]
  readonly controllerNames: readonly string[]
}

export interface ParsedListeners {
  /** For clients and brokers. */
  readonly listeners: readonly ListenerConfig[]
  /** Those of controller.listener.names. */
  readonly controllerListeners: readonly ListenerConfig[]
  readonly problems: readonly string[]
}

export function parseListeners(texts: ListenerTexts): ParsedListeners {
  const problems: string[] = []
  const controllers = new Set(texts.controllerNames.map(name => name.toUpperCase()))
  const endpoints = parseEndpoints('listeners', texts.listeners, problems)
  const isForControllers = ({ name }: Endpoint): boolean => controllers.has(name)
  const advertised = parseEndpoints('advertised.listeners', texts.advertised ?? [], problems)
  if (endpoints.every(isForControllers) && problems.length === 0) {
    problems.push('listeners: at least one client listener is needed, such as PLAINTEXT://127.0.0.1:9092')
  }
  const mapped = protocolsByName(texts.protocolMap)
  const isPlain = endpoints.every(endpoint => isForControllers(endpoint) || mapped(endpoint.name) === 'PLAINTEXT')
  // As in Kafka a listener for controllers needs no word about its protocol where nothing else is protected.
  const protocolOf = (name: string): SecurityProtocol | null =>
    mapped(name) ?? (isPlain && controllers.has(name) ? 'PLAINTEXT' : null)
  problems.push(...protocolProblems(endpoints, protocolOf))
  for (const [at, endpoint] of endpoints.entries()) {
    const earlier = endpoints.slice(0, at)
    if (earlier.some(other => other.name === endpoint.name)) problems.push(`listeners: ${endpoint.name} is named twice`)
    if (endpoint.port !== 0 && earlier.some(other => other.port === endpoint.port && other.host === endpoint.host)) {
      problems.push(`listeners: ${endpoint.host}:${endpoint.port} is named twice`)
    }
  }
  for (const { name, host } of advertised) {
    if (host === '0.0.0.0' || host === '::') {
      problems.push(`advertised.listeners: ${name} needs a host that clients can connect to, not "${host}"`)
    }
    if (!controllers.has(name) && !endpoints.some(endpoint => endpoint.name === name)) {
      problems.push(`advertised.listeners: ${name} is not among the listeners; add it there or take it out here`)
    }
  }
  const configs = endpoints.map((endpoint): ListenerConfig => {
    const told = advertised.find(other => other.name === endpoint.name)
    const protocol = protocolOf(endpoint.name) ?? 'PLAINTEXT'
    return { ...endpoint, protocol, advertised: told === undefined ? null : { host: told.host, port: told.port } }
  })
  const listeners = configs.filter(listener => !isForControllers(listener))
  return { listeners, controllerListeners: configs.filter(isForControllers), problems }
}

/** HOST:PORT of a command line as the listener it means; null when it is neither. [::1]:9092 and :9092 are fine. */
export function listenerOfAddress(address: string): string | null {
  const listener = `PLAINTEXT://${address}`
  return endpointPattern.test(listener) ? listener : null
}

/** HOST:PORT as clients write it; IPv6 in brackets. */
export function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

const endpointPattern = /^([\w.-]+):\/\/(?:\[([0-9a-fA-F:.%\w]+)\]|([^:/[\]\s]*)):(\d{1,5})$/

function parseEndpoints(key: string, texts: readonly string[], problems: string[]): Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const text of texts) {
    const match = endpointPattern.exec(text)
    const port = Number(match?.[4])
    if (match === null || port > 65_535) {
      problems.push(`${key}: "${text}" is not NAME://HOST:PORT, such as PLAINTEXT://127.0.0.1:9092`)
    } else {
      endpoints.push({ name: (match[1] as string).toUpperCase(), host: match[2] ?? match[3] ?? '', port })
    }
  }
  return endpoints
}

const protocols: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const isProtocol = (text: string): text is SecurityProtocol => protocols.includes(text)

/** The security protocol of a listener, by listener.security.protocol.map or by its own name; null when there is none. */
function protocolsByName(protocolMap: readonly string[]): (name: string) => SecurityProtocol | null {
  const mapped = new Map<string, string>()
  for (const entry of protocolMap) {
    const [name = '', protocol = ''] = entry.split(':')
    mapped.set(name.trim().toUpperCase(), protocol.trim().toUpperCase())
  }
  return name => {
    const protocol = mapped.get(name) ?? name
    return isProtocol(protocol) ? protocol : null
  }
}

function protocolProblems(endpoints: readonly Endpoint[], protocolOf: (name: string) => SecurityProtocol | null): string[] {
  const problems: string[] = []
  for (const { name } of endpoints) {
    const protocol = protocolOf(name)
    if (protocol === null) {
      problems.push(
        `listeners: ${name} has no security protocol; add ${name}:PLAINTEXT or ${name}:SSL to listener.security.protocol.map`,
      )
    }
  }
  return problems
}
