import { defineConfig } from 'vitest/config'

// The tests run from the sources, and need of a tsconfig only how the language is to be read.
export default defineConfig({
  tsconfig: './tsconfig.test.json',
  oxc: { target: 'node20' },
  // A busy machine is slow, not wrong: the timeout only ends what hangs. One worker fewer than cores would be one of two.
  test: {
    include: ['{src,bench,compat-tests}/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 120_000 } },
    maxWorkers: '100%',
  },
})
