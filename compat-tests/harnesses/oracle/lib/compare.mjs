// Field by field: a list of { path, kafka, gregor, kind }, where kind is 'text' for error messages that differ (other
// words, or one of them null), and 'value' for everything else.
export function differences(kafka, gregor, path = '') {
  if (Object.is(kafka, gregor)) return []
  const both = kafka !== null && gregor !== null && typeof kafka === 'object' && typeof gregor === 'object'
  if (both && Array.isArray(kafka) && Array.isArray(gregor)) {
    const keyed = pairUp(kafka, gregor)
    if (keyed !== undefined) return keyed.flatMap(([key, a, b]) => differences(a, b, `${path}[${key}]`))
    if (kafka.length !== gregor.length)
      return [{ path: `${path}.length`, kafka: kafka.length, gregor: gregor.length, kind: 'value', detail: { kafka, gregor } }]
    return kafka.flatMap((one, i) => differences(one, gregor[i], `${path}[${i}]`))
  }
  if (both && !Array.isArray(kafka) && !Array.isArray(gregor)) {
    // Another error code explains every other field beside it.
    if ('errorCode' in kafka && 'errorCode' in gregor && kafka.errorCode !== gregor.errorCode) {
      const about = x => (typeof x.errorMessage === 'string' ? `${x.errorCode} (${x.errorMessage})` : x.errorCode)
      return [
        { path: path === '' ? 'errorCode' : `${path}.errorCode`, kafka: about(kafka), gregor: about(gregor), kind: 'value' },
      ]
    }
    const keys = [...new Set([...Object.keys(kafka), ...Object.keys(gregor)])]
    return keys.flatMap(key => differences(kafka[key], gregor[key], path === '' ? key : `${path}.${key}`))
  }
  const text = /errorMessage$/i.test(path) && isText(kafka) && isText(gregor)
  return [{ path, kafka, gregor, kind: text ? 'text' : 'value' }]
}

const isText = x => x === null || typeof x === 'string'

// Configs, features and API versions are compared by their names, so that one missing entry is one difference.
function pairUp(kafka, gregor) {
  const all = [...kafka, ...gregor]
  for (const key of ['apiKey', 'name']) {
    if (all.length === 0 || !all.every(x => x !== null && typeof x === 'object' && x[key] !== undefined)) continue
    const a = new Map(kafka.map(x => [x[key], x]))
    const b = new Map(gregor.map(x => [x[key], x]))
    if (a.size !== kafka.length || b.size !== gregor.length) continue
    return [...new Set([...a.keys(), ...b.keys()])].sort().map(k => [k, a.get(k), b.get(k)])
  }
  return undefined
}

export function show(value) {
  if (value === undefined) return 'absent'
  return JSON.stringify(value, (_, x) => {
    if (typeof x === 'bigint') return `${x}n`
    if (x !== null && typeof x === 'object' && x.type === 'Buffer' && Array.isArray(x.data)) {
      const hex = Buffer.from(x.data).toString('hex')
      return hex.length > 64 ? `hex:${hex.slice(0, 64)}… (${x.data.length} bytes)` : `hex:${hex}`
    }
    if (typeof x === 'string' && x.length > 300) return `${x.slice(0, 60)}… (${x.length} characters)`
    return x
  })
}
