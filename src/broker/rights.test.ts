/**
 * What each API asks of a client: every row of the table × every version × every right, by wire. The cases are those that the
 * oracle plays against Kafka and Gregor, so an answer that is right here is Kafka's. rights.expected.txt shows every refusal.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64Url, utf8Encode } from '../base/bytes.js'
import { zeroUuid } from '../base/ids.js'
import { errorName } from '../protocol/errors.js'
import { SaslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../protocol/messages/sasl-handshake.js'
import type { Api } from '../protocol/schema.js'
import { rightsCases } from '../testing/rights/cases.js'
import {
  alternativesOf,
  type Body,
  letterOf,
  type Played,
  play,
  type RightsCase,
  type RightsSet,
  type Stage,
  titleOf,
} from '../testing/rights/play.js'
import type { Interceptor, Row } from './handler.js'
import type { Right } from './needs.js'
import { handlers } from './table.js'
import { batchOf, type TestBroker, TestClient, testBroker } from './test-client.test-support.js'

const rows = new Map<string, Row>(handlers.map(row => [row.api.name, row]))
/** What handlers asked, by API: "read topic". */
const asked = new Map<string, Set<string>>()

const noteAsked: Interceptor = (call, next) => {
  const { name } = call.row.api
  const rights = asked.get(name) ?? new Set<string>()
  asked.set(name, rights)
  const context = new Proxy(call.context, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (key === 'may' || key === 'mayAny') rights.add(`${args[0]} ${args[1]}`)
        return (value as (...of: unknown[]) => unknown).apply(target, args)
      }
    },
  })
  return next({ ...call, context })
}

let broker: TestBroker
const played = new Map<RightsCase, Played[]>()
beforeAll(async () => {
  broker = await testBroker({
    config: {
      listeners: 'PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0',
      'sasl.enabled.mechanisms': 'OAUTHBEARER',
      'sasl.jaas.config': 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'delegation.token.secret.key': 'secret',
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.num.partitions': '1',
    },
    interceptors: () => [noteAsked],
  })
  for (const one of rightsCases) {
    await using stage = await stageOf(one)
    played.set(one, await play(stage, one))
  }
})
afterAll(() => broker.stop())

async function stageOf(one: RightsCase): Promise<Stage & AsyncDisposable> {
  const prefix = titleOf(one).replaceAll(' ', '-')
  const root = await broker.connect()
  const clients = new Map<string, TestClient>()
  const clientOf = async (by: string | undefined): Promise<TestClient> => {
    if (by === undefined) return root
    const client = clients.get(by) ?? (await logIn(`${prefix}-${by}`))
    clients.set(by, client)
    return client
  }
  const call: Stage['call'] = async (api, body, { v, by }) => {
    const row = rows.get(api)
    if (row === undefined) throw new Error(`no ${api}`)
    return (await (await clientOf(by)).call(row.api as Api, v ?? row.api.versions.max, body as never)) as Body
  }
  return {
    name: suffix => `${prefix}-${suffix}`,
    range: api => [rows.get(api)!.api.versions.min, rows.get(api)!.api.versions.max],
    topic: async name => {
      const id = await root.createTopic(name)
      await root.produce(name, batchOf(['x']))
      return { name, id }
    },
    batch: producer => batchOf(['x'], producer === undefined ? {} : transactional(producer as never)),
    call,
    until: async (api, body, fits, by) => {
      for (;;) {
        const answer = await call(api, body, by === undefined ? {} : { by })
        if (fits(answer)) return answer
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of [root, ...clients.values()]) client.close()
    },
  }
}

function transactional({ producerId, producerEpoch }: { producerId: number; producerEpoch: number }) {
  return { producerId, producerEpoch, baseSequence: 0, isTransactional: true }
}

async function logIn(user: string): Promise<TestClient> {
  const port = broker.running.listeners.find(({ name }) => name === 'SASL_PLAINTEXT')?.port as number
  const client = await TestClient.connect(port)
  const part = (value: object): string => toBase64Url(utf8Encode(JSON.stringify(value)))
  const token = `${part({ alg: 'none' })}.${part({ sub: user, exp: 32_503_680_000 })}.`
  await client.call(SaslHandshake, 1, { mechanism: 'OAUTHBEARER' })
  await client.call(SaslAuthenticate, 2, { authBytes: utf8Encode(`n,,\x01auth=Bearer ${token}\x01\x01`) })
  return client
}

const authorizationCodes = new Set([29, 30, 31, 53, 65])

/** The codes of an answer with their places, and the structs that they stand in. */
interface Code {
  readonly path: string
  readonly code: number
  readonly within: Body
}

function codesIn(value: unknown, path = ''): Code[] {
  if (Array.isArray(value)) return value.flatMap((one, n) => codesIn(one, `${path}[${n}]`))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([key, one]) => {
    const place = path === '' ? key : `${path}.${key}`
    const isCode = /errorCode$/i.test(key) && one !== 0
    return isCode ? [{ path: place, code: one as number, within: value as Body }] : codesIn(one, place)
  })
}

const refusalsIn = (answer: Body): Code[] => codesIn(answer).filter(({ code }) => authorizationCodes.has(code))
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one instanceof Uint8Array ? toBase64Url(one) : one))
const rightOf = (right: string): string => right.split(' ').slice(0, 2).join(' ')
const spelt = ([operation, resource]: Right): string => `${operation} ${resource}`

function needOf({ api }: RightsCase, right: string) {
  const found = rows.get(api)?.traits.needs.find(({ rights }) => rights.some(one => spelt(one) === rightOf(right)))
  if (found === undefined) throw new Error(`the row of ${api} does not say that it needs to ${right}`)
  return found
}

test.each(handlers.map(({ api }) => [api.name, api] as const))('%s has cases for all its versions', (name, { versions }) => {
  const own = rightsCases.filter(({ api }) => api === name)
  const missing: number[] = []
  for (let v = versions.min; v <= versions.max; v++) {
    if (!own.some(one => played.get(one)?.some(({ version }) => version === v))) missing.push(v)
  }
  expect(missing).toEqual([])
})

test.each(handlers.map(row => [row.api.name, row] as const))(
  '%s asks for what its row says, and its cases have all of that',
  (name, row) => {
    const said = row.traits.needs.flatMap(({ rights }) => rights.map(spelt))
    const used = rightsCases
      .filter(({ api }) => api === name)
      .flatMap(({ needs, others = [] }) => [...needs.flatMap(alternativesOf), ...others.flat()].map(rightOf))
    expect([...(asked.get(name) ?? [])].sort()).toEqual([...new Set(said)].sort())
    expect([...new Set(said)].filter(right => !used.includes(right))).toEqual([])
  },
)

describe.each(rightsCases.map(one => [titleOf(one), one] as const))('%s', (_, one) => {
  const of = (...kinds: string[]): Played[] => (played.get(one) ?? []).filter(({ set }) => kinds.includes(set.kind))
  const exactly = (version: number): Body => of('exactly').findLast(other => other.version === version)!.answer

  test('is served with just the rights that it needs', () => {
    for (const { version, set, answer } of of('exactly')) expect(refusalsIn(answer), `v${version} ${set.label}`).toEqual([])
  })

  test.runIf(one.needs.length > 0)('is refused without one of them, and by a DENY beside an ALLOW', () => {
    for (const { version, set, answer } of of('without', 'denied')) {
      const right = alternativesOf(one.needs[set.at] as string)[0] as string
      const { denied } = needOf(one, right)
      const about = `v${version} ${set.label}`
      if (denied !== null && !(one.hides === true && right.includes(' topic ')))
        expect(
          refusalsIn(answer).map(({ code }) => code),
          about,
        ).toContain(denied)
      else expect(textOf(answer), about).not.toEqual(textOf(exactly(version)))
    }
  })

  test('a DENY is told as a right that is missing', () => {
    for (const { version, set, request, answer } of of('denied')) {
      const without = of('without').find(other => other.version === version && other.set.at === set.at)
      if (without === undefined) continue
      const [denied, missing] = [refusalsOf({ request, answer }), refusalsOf(without)]
      expect(denied, `v${version} ${set.label}`).toEqual(missing)
    }
  })

  test.runIf(one.needs.length > 1)('without one right, what it is about might as well not be there', () => {
    for (const absent of of('without, absent')) {
      const { version, set } = absent
      const there = of('without').find(other => other.version === version && other.set.at === set.at) as Played
      const [seen, unseen] = [there, absent].map(played => toldOf(one, played))
      expect(seen, `v${version} ${set.label}`).toEqual(unseen)
    }
  })

  test.runIf(one.needs.length > 0)('to a client without any right all is as if it were not there', () => {
    for (const there of of('none')) {
      const absent = of('none, absent').find(({ version }) => version === there.version) as Played
      const [seen, unseen] = [there, absent].map(one.showsExistence ? withoutIdCodes : withoutNames)
      expect(seen, `v${there.version}`).toEqual(unseen)
    }
  })
})

/** An answer in which names and ids that were asked for are the same, whatever they are; others are as they are. */
function withoutNames({ request, answer }: Pick<Played, 'request' | 'answer'>): string {
  const ids = [...new Set(textOf(request).match(/(?<="topicId":")[^"]{22}/g))].filter(id => id !== zeroUuid)
  return ids
    .reduce((text, id, n) => text.replaceAll(id, `<id ${n}>`), textOf(answer))
    .replaceAll(/(absent|secret)(-\w)(-v\d+(-\d+)?)?/g, '<name$2>')
}

/** Asked by its id a topic that is there is told from one that is not, as in Kafka: by the code, and by nothing else. */
function withoutIdCodes(played: Played): string {
  return withoutNames(played)
    .replaceAll(/"errorCode":(29|100)\b/g, '"errorCode":"29 or 100"')
    .replaceAll(/"errorMessage":("[^"]*"|null)/g, '"errorMessage":""')
}

/** What an answer says of the resource to which a right is missing; what it says of others is their own. */
function toldOf(one: RightsCase, played: Played): string[] {
  const letter = letterOf(one.needs[played.set.at] as string) as string
  const topics = one.needs
    .map(need => letterOf(need) as string)
    .filter(other => one.topics?.includes(other) ?? /[nm]/.test(other))
  const names = new RegExp(`<(name-${letter}|id ${topics.indexOf(letter)})>`)
  const text = one.showsExistence ? withoutIdCodes(played) : withoutNames(played)
  const about: string[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) about.push(...value.map(textOf).filter(element => names.test(element)))
    if (value !== null && typeof value === 'object') for (const inner of Object.values(value)) visit(inner)
  }
  visit(JSON.parse(text))
  // Of what the answer does not name: a group, a transactional id.
  return about.length > 0 ? about : refusalsIn(played.answer).map(({ path, code }) => `${path} ${code}`)
}

const refusalsOf = (played: Pick<Played, 'request' | 'answer'>): string[] =>
  refusalsIn(played.answer).map(({ path, code, within }) => `${path} ${code} ${textOfRefusal(played.request, within)}`)

/**
 * Without the id of a topic that was not made, which is another one each time; and without the name of a topic, which who may
 * describe it is told: a DENY to delete it leaves the right to describe it that an ALLOW to delete it implies.
 */
function textOfRefusal(request: Body, within: Body): string {
  const answer = 'topicConfigErrorCode' in within ? { ...within, topicId: zeroUuid } : within
  return withoutNames({ request, answer }).replaceAll(/"name":("[^"]*"|null)/g, '"name"')
}

test('where each refusal stands', async () => {
  const text = rightsCases.map(transcriptOf).join('\n')
  await expect(`${text}\n`).toMatchFileSnapshot('./rights.expected.txt')
})

/** The codes of every answer but the right one; versions that answer alike are told of once. */
function transcriptOf(one: RightsCase): string {
  const lines = new Map<string, number[]>()
  for (const { version, set, answer } of played.get(one) ?? []) {
    // A DENY is told as a missing right: see above.
    if (set.kind === 'exactly' || (set.kind === 'denied' && one.needs.length > 1)) continue
    // The absent is told of only where it is told from the hidden.
    const codes = codesOf(answer)
    if (set.kind.endsWith(', absent') && codes === codesOf(twinOf(one, version, set))) continue
    const line = `  ${set.label}: ${codes}`
    lines.set(line, [...(lines.get(line) ?? []), version])
  }
  const spans = groupedBySpan(lines)
  return [...spans].map(([span, of]) => `${titleOf(one)} v${span}\n${of.join('\n')}\n`).join('\n')
}

function codesOf(answer: Body): string {
  const codes = codesIn(answer).map(({ path, code }) => `${path} ${errorName(code)}`)
  return codes.length === 0 ? 'served' : codes.join(', ')
}

/** What the same client is told of what is there. */
function twinOf(one: RightsCase, version: number, { kind, at }: RightsSet): Body {
  const isTwin = (other: Played): boolean =>
    other.version === version && other.set.at === at && `${other.set.kind}, absent` === kind
  return played.get(one)?.find(isTwin)?.answer as Body
}

function groupedBySpan(lines: ReadonlyMap<string, readonly number[]>): Map<string, string[]> {
  const spans = new Map<string, string[]>()
  for (const [line, versions] of lines) {
    const span = versions.length === 1 ? `${versions[0]}` : `${versions[0]}-${versions.at(-1)}`
    spans.set(span, [...(spans.get(span) ?? []), line])
  }
  return spans
}
