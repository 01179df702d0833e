// Who looks at a broker over HTTP, in a process of its own: what it does must not delay the one that measures. Follows the live
// tail of a topic, or browses it page after page. Its parent says when it begins, and asks how much was seen.
//
//   http-reader URL TOPIC tail|browse|search
import http from 'node:http'

const [url, topic, what] = process.argv.slice(2)
const records = `${url}/api/v1/topics/${topic}/records`
const agent = new http.Agent({ keepAlive: true })
/** Events of a tail, or pages. */
let seen = 0

function get(path: string, take: (part: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(path, { agent }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`))
      answer.on('data', take).on('end', resolve).on('error', reject)
    })
    request.on('error', reject)
  })
}

/** As a person who scrolls as fast as pages come. What is searched for is nowhere, so that all of it is looked through. */
async function browse(query: string): Promise<void> {
  for (let cursor: string | null = null; ; ) {
    const parts: Buffer[] = []
    await get(`${records}?${query}${cursor === null ? '' : `&cursor=${cursor}`}`, part => parts.push(part))
    // The cursor stands behind the records, which need not be read.
    cursor = /"cursor":"([^"]+)"/.exec(Buffer.concat(parts).subarray(-100_000).toString('latin1'))?.[1] ?? null
    seen++
  }
}

const tasks: Readonly<Record<string, () => Promise<void>>> = {
  tail: () =>
    get(`${records}/live?rate=200&fieldBytes=4096`, part => (seen += part.toString('latin1').split('event: record').length - 1)),
  browse: () => browse('limit=500'),
  search: () => browse('limit=500&filter=nowhere-to-be-found'),
}

function fail(error: Error): void {
  process.stderr.write(`${what}: ${error.message}\n`)
  process.exit(1)
}

process.on('message', message => {
  if (message === 'start') tasks[what!]!().catch(fail)
  if (message === 'tell') process.send!({ seen })
})
process.on('disconnect', () => process.exit())
// The application is loaded by the first client.
await get(`${url}/livez`, () => {})
process.send!({ ready: true })
