/** The text of server-sent events, put together from pieces that end anywhere; pure. Data is JSON. */
export class EventStream {
  #rest = ''
  readonly #onEvent: (event: string, data: unknown) => void

  constructor(onEvent: (event: string, data: unknown) => void) {
    this.#onEvent = onEvent
  }

  push(piece: string): void {
    const blocks = (this.#rest + piece).split('\n\n')
    this.#rest = blocks.pop()!
    for (const block of blocks) {
      let event = 'message'
      const data: string[] = []
      for (const line of block.split('\n')) {
        if (line.startsWith('event:')) event = line.slice(6).trim()
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
      }
      if (data.length > 0) this.#onEvent(event, JSON.parse(data.join('\n')))
    }
  }
}
