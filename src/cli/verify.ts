/** `gregor verify`: checks a data directory that is not in use. Reads only. */
import { parseArgs } from 'node:util'
import { isDataDirectory } from '../inspect/ours.js'
import { reportJson, reportLines } from '../inspect/report.js'
import { verifyDirectories } from '../inspect/verify-directory.js'
import { lockHolder } from '../storage/directory/directory-lock.js'
import { DiskFailure, type Files } from '../storage/files.js'
import { type ExitCode, exitCodes } from './exit-codes.js'
import { verifyHelpText } from './help.js'

export interface Terminal {
  readonly args: readonly string[]
  stdout(text: string): void
  stderr(text: string): void
}

export function verify({ args, stdout, stderr }: Terminal, files: Files): ExitCode {
  const wrong = (message: string): ExitCode => {
    stderr(`gregor verify: ${message}\nTry: gregor verify --help\n`)
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
    stdout(verifyHelpText)
    return exitCodes.clean
  }
  if (positionals.length === 0) return wrong('takes the data directories of a broker')
  const stranger = positionals.find(path => !files.isDirectory(path))
  if (stranger !== undefined) return wrong(`${stranger} is not a directory`)
  try {
    for (const path of positionals) {
      if (!isDataDirectory(files, path)) return wrong(`${path} is not a data directory`)
      const holder = lockHolder(files, path)
      if (holder === null) continue
      stderr(`gregor verify: ${path} is in use by ${holder}; stop it first\n`)
      return exitCodes.dataDirectory
    }
    const verifications = verifyDirectories(files, positionals)
    if (values.json) stdout(`${reportJson(verifications)}\n`)
    else {
      for (const verification of verifications) {
        if (verifications.length > 1) stdout(`${verification.path}\n`)
        for (const line of reportLines(verification)) stdout(`${line}\n`)
      }
    }
    const isSound = verifications.every(({ findings }) => findings.damages === 0)
    return isSound ? exitCodes.clean : exitCodes.dataDirectory
  } catch (error) {
    if (!(error instanceof DiskFailure)) throw error
    if (error.kind === 'denied') return wrong(error.message)
    stderr(`gregor verify: ${error.message}\n`)
    return exitCodes.diskFailure
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false }, json: { type: 'boolean', default: false } },
  })
}
