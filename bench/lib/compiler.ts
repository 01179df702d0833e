// Compiles the C programs of bench/limits at run time, with the compiler of the machine and into a scratch folder. A machine
// without a compiler is no failure: their series are then shown as not run.
import { join } from 'node:path'
import { repositoryRoot } from '../../compat-tests/lib/paths.js'
import { run } from '../../compat-tests/lib/processes.js'

const compileTimeoutMs = 60_000

/** The path of the program, or why there is none. */
export async function compiled(source: string, folder: string): Promise<string | { readonly notRun: string }> {
  const program = join(folder, source.replace(/\.c$/, ''))
  const input = join(repositoryRoot, 'bench', 'limits', source)
  const result = await run('cc', ['-O2', '-Wall', '-o', program, input], { timeoutMs: compileTimeoutMs })
  if (result.exitCode === 0) return program
  return { notRun: result.exitCode === 127 ? 'no C compiler (cc)' : `cc failed on ${source}: ${result.stderr.trim()}` }
}
