/**
 * kafkajs: the record set. It brings gzip only; Snappy and LZ4 are plugged in as its documentation tells users to, Snappy in
 * the framing of the plug-in that it names. For Zstandard no package exists that installs without a compiler.
 */
import kafkajs, { type IHeaders } from 'kafkajs'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import { type RecordSetClient, runRecordSetClient } from '../../lib/record-set-client.js'

// Node finds only some of this CommonJS package's names for a named import.
const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs

/** What snappy-java puts before its blocks, each of which has its length before it: magic, version, compatible version. */
const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1')
const XERIAL_VERSIONS = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])
const XERIAL_BLOCK_BYTES = 32 * 1024

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => compressXerial(buffer),
  decompress: decompressSnappy,
})
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => lz4.compressFrame(buffer),
  decompress: (buffer: Buffer) => lz4.decompressFrame(buffer),
})

async function compressXerial(buffer: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [XERIAL_MAGIC, XERIAL_VERSIONS]
  for (let from = 0; from < buffer.length; from += XERIAL_BLOCK_BYTES) {
    const block = await snappy.compress(buffer.subarray(from, from + XERIAL_BLOCK_BYTES))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

/** Some clients write the bare block instead. */
async function decompressSnappy(buffer: Buffer): Promise<Buffer> {
  const uncompress = async (block: Buffer) => (await snappy.uncompress(block, { asBuffer: true })) as Buffer
  if (!buffer.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompress(buffer)
  const parts: Buffer[] = []
  for (let at = XERIAL_MAGIC.length + XERIAL_VERSIONS.length; at < buffer.length; ) {
    const end = at + 4 + buffer.readUInt32BE(at)
    parts.push(await uncompress(buffer.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(parts)
}

const compressionTypes: Readonly<Record<string, kafkajs.CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
}

/** disconnect() waits for the fetch under way; the client's default would let that one wait for 5 s. */
const MAX_WAIT_MS = 100

const connect = (bootstrap: string) => new Kafka({ clientId: 'compat', brokers: [bootstrap], logLevel: logLevel.ERROR })

const client: RecordSetClient = {
  capabilities: {
    codecs: Object.keys(compressionTypes),
    magic: 2,
    headers: true,
    timestamps: true,
    // Headers are an object by name.
    cannotProduce: ['repeated headers', 'null header value'],
    cannotConsume: ['repeated headers'],
  },

  async produce(bootstrap, topic, codec, records) {
    const producer = connect(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = records.map(({ key, value, headers, timestampMs }) => ({
      key,
      value,
      partition: 0,
      timestamp: String(timestampMs),
      headers: Object.fromEntries(headers) as IHeaders,
    }))
    await producer.send({ topic, acks: -1, compression: compressionTypes[codec]!, messages })
    await producer.disconnect()
  },

  async consume(bootstrap, topic, received, enough) {
    const consumer = connect(bootstrap).consumer({ groupId: `${topic}-kafkajs-${process.pid}`, maxWaitTimeInMs: MAX_WAIT_MS })
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error)
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, key, value, headers, timestamp } of batch.messages)
          received({
            offset: Number(offset),
            key,
            value,
            headers: Object.entries(headers ?? {}).map(([name, of]) => [name, of as Buffer] as const),
            timestampMs: Number(timestamp),
          })
      },
    })
    await Promise.race([enough, crashed])
    await consumer.disconnect()
  },
}

await runRecordSetClient(client)
