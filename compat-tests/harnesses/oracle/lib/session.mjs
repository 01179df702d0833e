// What a transcript sees: one broker, its connections, and the list of answers that is compared afterwards.
import { Connection } from './client.mjs'
import { within, ZERO_UUID } from './messages.mjs'
import { describeRecords } from './records.mjs'
import { logIn } from './sasl.mjs'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

export class Session {
  cases = []
  #connections = new Map()
  #names = new Map()
  #counters = new Map()

  // With an address for SASL clients only a secured broker.
  constructor({ address, saslAddress, apis, shared, transcript, version, nonce, start, attempt }) {
    Object.assign(this, { address, saslAddress, apis, shared, transcript, v: version, nonce, T0: start, attempt })
  }

  // A name of this run, this transcript and this version, the same at both brokers.
  name(suffix) {
    return `${this.nonce}-${this.transcript.name}${this.v === undefined ? '' : `-v${this.v}`}-${suffix}`
  }

  newest(apiName) {
    return this.shared.get(apiName)?.[1]
  }

  // Whether a field exists in the version of the request under test.
  has(fieldName, apiName = this.transcript.api, version = this.v) {
    const find = fields =>
      fields.some(f => within(f.versions, version) && (f.name === fieldName || (f.inner !== undefined && find(f.inner))))
    return find(this.apis.get(apiName).request.fields)
  }

  async connection(name = 'main') {
    let opened = this.#connections.get(name)
    if (opened === undefined) {
      opened = this.#open(name)
      this.#connections.set(name, opened)
    }
    const connection = await opened
    // What comes after a refusal is asked of the same connection.
    if (!connection.closed || name.startsWith('sasl ')) return connection
    this.#connections.delete(name)
    return this.connection(name)
  }

  // `by NAME` is logged in as that user, `sasl …` is at the same listener and known to nobody yet.
  async #open(name) {
    if (!/^(by|sasl) /.test(name)) return Connection.open(this.address)
    const connection = await Connection.open(this.saslAddress)
    if (name.startsWith('by ')) await logIn(connection, this.apis, this.name(name.slice('by '.length)))
    return connection
  }

  // Sends a request, keeps the answer for the comparison and returns its body ({} when there is none).
  async call(apiName, body, options = {}) {
    const api = this.apis.get(apiName)
    const version = options.v ?? (apiName === this.transcript.api ? this.v : undefined) ?? this.newest(apiName)
    const slot = { api: apiName, version, label: options.as ?? '', request: body, answer: undefined, view: options.view }
    if (!options.quiet) this.cases.push(slot)
    const connection = await this.connection(options.on)
    const answer = await connection.call(api, version, body, options)
    if (answer.silent) connection.close()
    if (answer.body !== undefined && options.pick !== undefined) answer.body = options.pick(answer.body)
    slot.answer = answer
    this.#learn(answer.body)
    return answer.body ?? {}
  }

  // A token without a header, as it follows a handshake of version 0.
  async rawToken(bytes, { on, as }) {
    const connection = await this.connection(on)
    const result = await connection.exchange(bytes)
    const answer = result.frame === undefined ? result : { body: { token: result.frame } }
    this.cases.push({ api: 'SaslHandshake', version: 0, label: as, request: { token: bytes }, answer })
  }

  quiet(apiName, body, options = {}) {
    return this.call(apiName, body, { ...options, quiet: true })
  }

  // Repeats a request until its answer fits; only the last answer is compared.
  async until(apiName, body, fits, options = {}) {
    const deadline = Date.now() + (options.withinMs ?? 4000)
    for (;;) {
      const answer = await this.quiet(apiName, body, options)
      let done = false
      try {
        done = fits(answer)
      } catch {}
      if (done || Date.now() > deadline) {
        if (!options.quiet)
          this.cases.push({
            api: apiName,
            version: options.v ?? this.newest(apiName),
            label: options.as ?? '',
            request: body,
            answer: { body: answer },
            view: options.view,
          })
        return answer
      }
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  // A topic that is there and whose leaders answer. Not compared.
  async topic(suffix, { partitions = 1, configs = {} } = {}) {
    const name = this.name(suffix)
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    const topics = [{ name, numPartitions: partitions, replicationFactor: 1, configs: entries }]
    const created = await this.quiet('CreateTopics', { topics, timeoutMs: 10000 })
    if (created.topics?.[0]?.errorCode !== 0) throw new Error(`no topic ${name}: ${JSON.stringify(created)}`)
    await this.settled(name, partitions)
    return { name, id: created.topics[0].topicId }
  }

  // Waits until all partitions of a topic answer.
  async settled(name, partitions) {
    const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }))
    const done = await this.until(
      'ListOffsets',
      { replicaId: -1, topics: [{ name, partitions: asked }] },
      answer => answer.topics[0].partitions.every(p => p.errorCode === 0),
      { quiet: true },
    )
    if (!done.topics?.[0]?.partitions.every(p => p.errorCode === 0)) throw new Error(`${name} does not settle`)
  }

  async produce(topic, records, partition = 0) {
    const body = {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: partition, records }] }],
    }
    const answer = await this.quiet('Produce', body)
    const error = answer.responses?.[0]?.partitionResponses?.[0]?.errorCode
    if (error !== 0) throw new Error(`produce failed: ${error}`)
  }

  // Names a value that differs by nature (a member id), so that both brokers' answers show the same word.
  know(value, symbol) {
    if (typeof value === 'string' && value !== '') this.#names.set(value, `<${symbol}>`)
    return value
  }

  #learn(body) {
    if (body === undefined) return
    const visit = value => {
      if (Array.isArray(value)) for (const one of value) visit(one)
      else if (value !== null && typeof value === 'object' && !Buffer.isBuffer(value)) {
        if (typeof value.topicId === 'string' && value.topicId !== ZERO_UUID && typeof (value.name ?? value.topic) === 'string') {
          this.#names.set(value.topicId, `<id of ${value.name ?? value.topic}>`)
        }
        // Numbered when they are given out: a list of them has no order.
        if (value.producerId !== undefined && value.producerId !== -1) this.#numbered('producer', value.producerId)
        for (const one of Object.values(value)) visit(one)
      }
    }
    visit(body)
  }

  #numbered(kind, value) {
    const key = `${kind} ${value}`
    if (!this.#names.has(key)) {
      const next = (this.#counters.get(kind) ?? 0) + 1
      this.#counters.set(kind, next)
      this.#names.set(key, `<${kind} ${next}>`)
    }
    return this.#names.get(key)
  }

  // The answer with everything replaced that must differ between two brokers.
  normal(answer, view) {
    if (answer === undefined) return { unanswered: true }
    if (answer.body === undefined) return answer.undecodable === undefined ? answer : { undecodable: answer.undecodable }
    let body = this.#normalValue(answer.body, '')
    if (view !== undefined) body = view(body, this) ?? body
    if (Array.isArray(body.mechanisms)) body.mechanisms.sort()
    if (Array.isArray(body.responses) && body.sessionId !== undefined) body.responses = joined(body.responses)
    // Sets, in the order of a hash.
    for (const { topics } of body.transactionStates ?? [])
      for (const { partitions } of topics ?? []) partitions.sort((a, b) => a - b)
    return sorted(body)
  }

  #normalValue(value, name) {
    if (Buffer.isBuffer(value)) {
      if (name === 'hmac' && value.length > 0) return '<hmac>'
      if (name === 'records') return this.#normalValue(describeRecords(value), name)
      return `hex:${value.toString('hex')}`
    }
    if (Array.isArray(value)) return value.map(one => this.#normalValue(one, name))
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#normalValue(one, key)]))
    }
    if (typeof value === 'bigint') value = `${value}`
    switch (name) {
      case 'throttleTimeMs':
        return value === 0 ? 0 : '<throttle>'
      case 'clusterId':
        return value === null ? null : '<cluster>'
      case 'host':
        return '<host>'
      case 'port':
        return '<port>'
      case 'producerId':
        return value === -1 ? -1 : this.#numbered('producer', value)
      case 'sessionId':
        return value === 0 ? 0 : this.#numbered('session', value)
      case 'logAppendTimeMs':
      case 'transactionStartTimeMs':
        return value === -1 ? -1 : '<time>'
      // That of a batch is part of the transcript, that of a marker is the broker's time.
      case 'lastTimestamp':
      case 'timestamp':
        return value > this.T0 + 30_000 && value <= Date.now() ? '<time>' : value
      // Of a delegation token. Times without one are -1 or 0.
      case 'issueTimestampMs':
      case 'issueTimestamp':
      case 'expiryTimestampMs':
      case 'expiryTimestamp':
      case 'maxTimestampMs':
      case 'maxTimestamp':
        return value > this.T0 ? '<time>' : value
      case 'tokenId':
        return value === '' ? '' : '<token>'
      case 'finalizedFeaturesEpoch':
        return value === -1 ? -1 : '<epoch>'
    }
    if (typeof value !== 'string') return value
    const known = this.#names.get(value)
    if (known !== undefined) return known
    if ((name === 'topicId' || name === 'id') && value.length === 22 && value !== ZERO_UUID)
      return this.#numbered('unknown id', value)
    let text = value.replace(UUID, '<uuid>')
    for (const [known, symbol] of this.#names)
      if (known.length > 15 && !known.includes(' ') && text.includes(known)) text = text.replaceAll(known, symbol)
    return text
  }

  close() {
    for (const opened of this.#connections.values())
      opened.then(
        connection => connection.close(),
        () => {},
      )
  }
}

// Kafka's Fetch answers may name a topic twice, when its partitions came into the session at different times.
function joined(responses) {
  const topics = new Map()
  for (const one of responses) {
    const key = one.topic ?? one.topicId
    const known = topics.get(key)
    if (known === undefined) topics.set(key, { ...one })
    else known.partitions = [...known.partitions, ...one.partitions]
  }
  return [...topics.values()]
}

const KEYS = [
  'name',
  'topic',
  'topicName',
  'topicId',
  'partitionIndex',
  'partition',
  'index',
  'groupId',
  'user',
  'transactionalId',
  'resourceType',
  'resourceName',
  'configName',
  'memberId',
  'groupInstanceId',
  'key',
  'apiKey',
  'nodeId',
  'brokerId',
]

// Arrays of things with names have no order in Kafka's answers: it builds them from hash maps.
function sorted(value) {
  if (Array.isArray(value)) {
    const list = value.map(sorted)
    if (list.length < 2 || list[0] === null || typeof list[0] !== 'object') return list
    const keyOf = one =>
      JSON.stringify(KEYS.map(key => (typeof one?.[key] === 'number' ? String(one[key]).padStart(12, '0') : one?.[key])))
    if (!KEYS.some(key => list[0][key] !== undefined)) return list
    return list
      .map((one, i) => [keyOf(one), i, one])
      .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]))
      .map(x => x[2])
  }
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)]))
  return value
}
