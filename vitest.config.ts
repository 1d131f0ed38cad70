import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks', // the kernels set V8 flags, which are per process
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
