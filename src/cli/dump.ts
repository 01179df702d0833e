/** `gregor dump`: shows what is in a segment, an index, a partition or a whole data directory. Reads only. */
import { parseArgs } from 'node:util'
import { DumpError, dump as linesOf } from '../inspect/dump.js'
import { DiskFailure, type Files } from '../storage/files.js'
import { type ExitCode, exitCodes } from './exit-codes.js'
import { dumpHelpText } from './help.js'
import type { Terminal } from './verify.js'

/** Lines are written in pieces of about this size. */
const pieceCharacters = 64 * 1024

export function dump({ args, stdout, stderr }: Terminal, files: Files): ExitCode {
  const wrong = (message: string): ExitCode => {
    stderr(`gregor dump: ${message}\nTry: gregor dump --help\n`)
    return exitCodes.usage
  }
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return wrong((error as Error).message.replace(/\. .*$/s, ''))
  }
  const { values, positionals } = parsed
  if (values.help) {
    stdout(dumpHelpText)
    return exitCodes.clean
  }
  if (positionals.length === 0) return wrong('takes a directory or a file')
  let piece = ''
  try {
    for (const path of positionals) {
      for (const line of linesOf(files, path.replace(/(?<=.)\/+$/, ''), { records: values.records })) {
        piece += `${line}\n`
        if (piece.length < pieceCharacters) continue
        stdout(piece)
        piece = ''
      }
    }
    stdout(piece)
    return exitCodes.clean
  } catch (error) {
    if (!(error instanceof DiskFailure || error instanceof DumpError)) throw error
    stdout(piece)
    return wrong(error.message)
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false }, records: { type: 'boolean', default: false } },
  })
}
