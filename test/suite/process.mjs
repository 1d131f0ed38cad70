/** Runs a command and measures it. */
import { spawn } from 'node:child_process';

/**
 * Runs a command, and returns what it printed, its seconds, and the seconds of all its threads. The shell's
 * `times` tells the latter: its second line holds minutes and seconds of children, in user and system mode.
 * A command that fails is an error with its last line.
 */
export function timed(command) {
  const script = '"$@"; code=$?; echo "#times" >&2; times >&2; exit $code';
  const began = performance.now();
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const [said, spent = ''] = stderr.join('').split('#times\n');
      const seconds = (performance.now() - began) / 1000;
      if (code === 0) resolve({ stdout: stdout.join(''), seconds, cpuSeconds: childSeconds(spent) });
      else reject(new Error(said.trim().split('\n').at(-1) || `exit code ${code}`));
    });
  });
}

/** Sums the seconds of children in what the shell's `times` prints. */
export function childSeconds(times) {
  const spent = times.split('\n')[1]?.match(/[\d.]+m[\d.]+s/g) ?? [];
  return spent
    .map((time) => time.split(/[ms]/).map(Number))
    .reduce((sum, [minutes, seconds]) => sum + 60 * minutes + seconds, 0);
}

function collect(stream) {
  const texts = [];
  stream.setEncoding('utf8').on('data', (text) => texts.push(text));
  return texts;
}
