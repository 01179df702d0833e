import { defineConfig } from 'vitest/config'

// The tests run from the sources, and need of a tsconfig only how the language is to be read.
export default defineConfig({
  tsconfig: './tsconfig.test.json',
  oxc: { target: 'node20' },
  test: { include: ['src/**/*.test.ts', 'compat-tests/**/*.test.ts'] },
})
