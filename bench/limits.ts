// The machine's own limits, as servers that take the same load as the broker: the same requests on the same kind of
// connection, answered with bytes of the same length and layout. What they leave out is everything that makes a broker.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { compiled } from './lib/compiler.js'
import { type Subject, startBareNode, startSubject } from './lib/subject.js'
import type { FetchPlan } from './load/fetch.js'
import type { ProducePlan } from './load/produce.js'
import { recordsPerBatch } from './load/records.js'

/** A server, or the name of one that cannot run here and why. */
export type Limit = Subject | { readonly name: string; readonly notRun: string }

const listening = /^listening on (\d+)$/

/** First the limit of a broker's Fetch by sendfile, then that by read and write. `logFile` is what a partition would hold. */
export async function fetchLimits(plan: FetchPlan, logFile: string, scratch: string): Promise<Limit[]> {
  const layout = [plan.answerHead, plan.answerTail].map(bytes => bytes.toString('hex'))
  const numbers = [plan.recordBytes, plan.offsetAt, plan.batchBytes, recordsPerBatch].map(String)
  const args = [logFile, ...layout, ...numbers]
  return [
    await compiledServer('C, sendfile(2)', 'fetch-server.c', ['sendfile', ...args], scratch),
    await compiledServer('C, read and write', 'fetch-server.c', ['copy', ...args], scratch),
    await startBareNode('bare Node, readSync and write', ['send', ...args]),
  ]
}

/** First the limit of a broker's Produce, then that of one that is on stable storage when it is answered. */
export async function produceLimits(plan: ProducePlan, scratch: string): Promise<Limit[]> {
  const answer = [plan.answer.toString('hex'), String(plan.errorAt + 2), String(recordsPerBatch)]
  const request = String(plan.request.length)
  const args = (file: string) => [join(scratch, file), request, String(plan.batchAt), String(plan.batchBytes), ...answer]
  return [
    await compiledServer('C, read and write to a file', 'produce-server.c', ['write', ...args('write.log')], scratch),
    await compiledServer('C, the same and fdatasync(2)', 'produce-server.c', ['sync', ...args('sync.log')], scratch),
    await startBareNode('bare Node, receives only', ['receive', request, ...answer]),
  ]
}

export async function compiledServer(name: string, source: string, args: readonly string[], scratch: string): Promise<Limit> {
  const program = await compiled(source, scratch)
  return typeof program === 'string' ? startSubject(name, program, args, listening) : { name, ...program }
}

/** A file as a segment would be: the batch over and over, each with its base offset. */
export async function writeLogFile(path: string, batch: Buffer, batches: number): Promise<void> {
  const file = createWriteStream(path)
  for (let number = 0; number < batches; number++) {
    const stamped = Buffer.from(batch)
    stamped.writeBigInt64BE(BigInt(number * recordsPerBatch), 0)
    if (!file.write(stamped)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
