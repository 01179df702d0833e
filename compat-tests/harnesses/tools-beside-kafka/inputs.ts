/** What the command lines read: files by name, with the data directory in them where a tool wants it. */
const partitions = (...list: object[]) => JSON.stringify({ version: 1, partitions: list })

export function inputOf(name: string, dataDir: string): string {
  const text = inputs(dataDir)[name]
  if (text === undefined) throw new Error(`no input is called ${name}`)
  return text
}

function inputs(dataDir: string): Readonly<Record<string, string>> {
  const plain = [0, 1, 2].map(partition => ({ topic: 'plain', partition, replicas: [1] }))
  const single = { topic: 'single', partition: 0 }
  return {
    lines: 'one\ntwo\nthree\n',
    keyed: Array.from({ length: 12 }, (_, i) => `key-${i}:value ${i}\n`).join(''),
    payload: 'first\nsecond\nthird\n',
    configs: 'retention.bytes=1000\nmax.message.bytes=2000\n',
    offsets: '"plain",0,2\n"plain",1,1\n',
    'delete-two': partitions({ ...single, offset: 2 }),
    'delete-too-many': partitions({ ...single, offset: 1000 }),
    election: partitions(single, { topic: 'plain', partition: 1 }),
    move: JSON.stringify({ version: 1, topics: [{ topic: 'plain' }] }),
    stay: partitions(...plain, { ...single, replicas: [1] }),
    'stay-here': partitions({ ...single, replicas: [1], log_dirs: [dataDir] }),
    go: partitions({ ...single, replicas: [7] }),
    two: partitions({ ...single, replicas: [1, 7] }),
    nothing: partitions({ topic: 'nothing', partition: 0, replicas: [1] }),
  }
}
