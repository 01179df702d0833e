// What a server that knows no protocol answers: what a broker answered to the same requests. They are told apart by API and
// length.

export interface Line {
  readonly request: Buffer
  readonly answer: Buffer
  /** What the broker's main thread took for it. */
  readonly workMs: number
}

const keyOf = (request: Buffer): string => `${request.readInt16BE(4)} ${request.readInt32BE(0)}`

export function encodedScript(lines: readonly Line[]): string {
  return JSON.stringify(lines.map(({ request, answer, workMs }) => [keyOf(request), answer.toString('base64'), workMs]))
}

export function decodedScript(text: string): (request: Buffer) => Omit<Line, 'request'> {
  const lines = JSON.parse(text) as [string, string, number][]
  const all = new Map(lines.map(([key, answer, workMs]) => [key, { answer: Buffer.from(answer, 'base64'), workMs }]))
  return request => {
    const found = all.get(keyOf(request))
    if (found === undefined) throw new Error(`no answer to API ${keyOf(request)}`)
    return found
  }
}
