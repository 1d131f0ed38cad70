/**
 * Runs tests while busy loops keep the cores from them, since no test may depend on how fast something was.
 * Without arguments it runs all tests; arguments are those of `vitest run`.
 *
 *   node test/busy.mjs [FILE…]     BUSY_LOOPS=4 is the default
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const count = Number(process.env.BUSY_LOOPS ?? 4);
// A loop ends with this process, also where that is killed: it notices that its parent has changed.
const LOOP = 'const { ppid } = process; while (process.ppid === ppid) for (let i = 0; i < 1e8; i++);';
const loops = Array.from({ length: count }, () => spawn(process.execPath, ['-e', LOOP]));
console.log(`${count} busy loops run beside the tests`);
const tests = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
tests.on('close', (code) => {
  for (const loop of loops) loop.kill();
  process.exitCode = code ?? 1;
});
