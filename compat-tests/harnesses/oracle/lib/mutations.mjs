// Seeded mutations: a right request, with one or two of its fields made wrong. The same seed makes the same mutations of
// both brokers' requests, whose ids differ but whose shapes do not.

import { fixtures } from './fixtures.mjs'
import { within, ZERO_UUID } from './messages.mjs'

function random(seed) {
  let a = 0
  for (const c of seed) a = (Math.imul(a, 31) + c.charCodeAt(0)) | 0
  return n => {
    a = (a + 0x6d2b79f5) | 0
    let x = Math.imul(a ^ (a >>> 15), 1 | a)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

const INTS = {
  int8: [-1, 0, 1, 2, -128, 127],
  int16: [-1, 0, 1, 2, -2, -32768, 32767],
  int32: [-1, 0, 1, 2, -2, 5, 1000, -2147483648, 2147483647],
  int64: [-1, 0, 1, 2, -2, 100, 2 ** 40, -9223372036854775808n, 9223372036854775807n],
  float64: [-1, 0, 0.5, 5, 1e300, Number.NaN],
  uint16: [0, 1, 65535],
  uint32: [0, 1, 4294967295],
}
const STRINGS = ['', 'x', '.', 'a b', 'ä', 'no-such-thing', 'x'.repeat(250), '__consumer_offsets', '0', '-1', 'range', 'a/b']
// Fields that decide how long an answer takes, or how much is made: kept small.
const GENTLE = {
  maxWaitMs: [0, 1, -1, 20],
  timeoutMs: [100, 1000, 5000],
  timeout: [100, 5000],
  rebalanceTimeoutMs: [1000, 5000, -1, 0],
  sessionTimeoutMs: [6000, 5999, 0, -1, 1800000, 1800001],
  numPartitions: [-1, 0, 1, 2, -2, 5],
  count: [-1, 0, 1, 2, 3, 4, 5],
  minBytes: [0, 1, -1, 20000],
  acks: [1, -1, 2, -2],
  // Kafka unregisters the only broker, and is none any more.
  brokerId: [-2147483648, -1, 0, 2, 1000],
}

// Every place in a body that may be mutated, in a fixed order.
export function places(body, fields, version, path = []) {
  const list = []
  for (const field of fields) {
    if (!within(field.versions, version)) continue
    const value = body?.[field.name]
    const here = [...path, field.name]
    list.push({ field, path: here })
    if (field.type !== 'struct' || value === null || value === undefined) continue
    if (field.array) {
      for (const [i, one] of value.entries()) list.push(...places(one, field.inner, version, [...here, i]))
    } else list.push(...places(value, field.inner, version, here))
  }
  return list
}

export const copy = value => {
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(copy)
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copy(v)]))
  return value
}

export function mutate(body, api, version, next) {
  const mutated = copy(body)
  const list = places(mutated, api.request.fields, version)
  if (list.length === 0) return [mutated, 'nothing to mutate']
  const { field, path } = list[next(list.length)]
  const holder = path.slice(0, -1).reduce((at, key) => at[key], mutated)
  const key = path.at(-1)
  const nullable = within(field.nullable, version)
  const pick = choices => choices[next(choices.length)]
  let what
  if (field.array) {
    const value = holder[key] ?? []
    const ways = ['empty', 'twice', 'drop', ...(nullable ? ['null'] : [])]
    what = pick(ways)
    if (what === 'null') holder[key] = null
    else if (what === 'empty') holder[key] = []
    else if (what === 'twice') holder[key] = [...value, ...copy(value)]
    else holder[key] = value.slice(1)
  } else if (nullable && next(4) === 0) {
    what = 'null'
    holder[key] = null
  } else {
    switch (field.type) {
      case 'bool':
        holder[key] = !(holder[key] ?? field.default === 'true')
        break
      case 'string':
        holder[key] = pick(api.name === 'DeleteTopics' ? STRINGS.filter(x => !x.startsWith('__')) : STRINGS)
        break
      case 'uuid':
        holder[key] = pick([ZERO_UUID, 'abcdefghijklmnopqrstuw'])
        break
      case 'bytes':
      case 'records': {
        const value = holder[key] ?? Buffer.alloc(0)
        const way = next(4)
        if (way === 0) holder[key] = Buffer.alloc(0)
        else if (way === 1) holder[key] = value.subarray(0, Math.floor(value.length / 2))
        else if (way === 2) holder[key] = Buffer.concat([value, value])
        else {
          holder[key] = Buffer.from(value)
          if (value.length > 0) holder[key][next(value.length)] ^= 1 << next(8)
        }
        what = ['no bytes', 'half', 'twice', 'a flipped bit'][way]
        break
      }
      case 'struct':
        what = 'left alone'
        break
      default:
        holder[key] = pick(GENTLE[field.name] ?? INTS[field.type])
    }
    what ??= String(holder[key]).slice(0, 20)
  }
  return [mutated, `${path.join('.')} = ${what}`]
}

export function mutationTranscripts(apis, shared, perVersion, seed) {
  if (perVersion === 0) return []
  return Object.entries(fixtures)
    .filter(([name]) => shared.has(name))
    .map(([name, fixture]) => ({
      name: `mutated-${name}`,
      api: name,
      isSecured: fixture.isSecured,
      async run(t) {
        let state
        for (let i = 0; i < perVersion; i++) {
          const next = random(`${seed}/${name}/${t.v}/${i}`)
          if (state === undefined || fixture.fresh) state = await fixture.make(t, `m${i}`)
          let [body, what] = mutate(state, apis.get(name), t.v, next)
          if (next(4) === 0) {
            const second = mutate(body, apis.get(name), t.v, next)
            body = second[0]
            what += `; ${second[1]}`
          }
          await t.call(name, body, {
            as: `m${i} ${what}`,
            on: fixture.on ?? `m${i % 4}`,
            view: fixture.view?.(t),
            pick: fixture.pick?.(t),
            patienceMs: 3000,
            noAnswer: name === 'Produce' && body.acks === 0,
          })
          if (fixture.after !== undefined) await fixture.after(t, state, `m${i} after ${what}`)
        }
      },
    }))
}
