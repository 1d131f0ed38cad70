import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG_KEYS, configSchema } from '#src/train/config.js';
import { libraries } from '../kernels/implementations.js';
import { Place } from './cli.js';

const place = new Place();
afterAll(() => place.remove());

const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const words = (text: string) => text.replace(/\s+/g, ' ');

describe('--help', () => {
  it('names every command', async () => {
    for (const args of [[], ['--help'], ['-h']]) {
      const { stdout, code } = await place.gradpool(args);
      expect(code).toBe(0);
      for (const name of [
        'train',
        'resume',
        'verify',
        'evaluate',
        'predict',
        'importance',
        'inspect',
        'report',
        'doctor',
        'cache',
        'completion',
        'schema',
      ]) {
        expect(stdout).toMatch(new RegExp(`^  gradpool ${name}\\b`, 'm'));
      }
      expect(words(stdout)).toContain(
        '130, 143 or 129 interrupted by Ctrl-C, SIGTERM or SIGHUP, checkpoint saved',
      );
    }
  });

  /** Words that a flag goes by as well, as the help writes them. */
  const OTHER_NAMES: Readonly<Record<string, string>> = {
    category: ', --categorical',
    number: ', --numeric',
  };

  it('of train says of every key what the schema says', async () => {
    const { stdout } = await place.gradpool(['train', '--help']);
    for (const key of CONFIG_KEYS.filter((name) => name !== 'data' && name !== 'own')) {
      const shown = ` --${kebab(key)}${OTHER_NAMES[key] ?? ''} ${configSchema.shape[key].description}`;
      expect(words(stdout)).toContain(shown);
    }
    const groups = stdout.match(/^[A-Z]\w+:$/gm);
    expect(groups).toEqual(
      expect.arrayContaining(['Data:', 'Network:', 'Optimiser:', 'Schedule:', 'Run:', 'Output:']),
    );
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).not.toMatch(/\[boolean\]/);
  });
});

it('--version', async () => {
  expect((await place.gradpool(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('completion', () => {
  const complete = async (...args: string[]) => {
    const ended = await place.gradpool(['--get-yargs-completions', 'gradpool', ...args], {
      SHELL: '/bin/bash',
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return ended.stdout.split('\n').filter(Boolean);
  };

  it('knows commands, flags, values and built-in names, and leaves files to the shell', async () => {
    expect(await complete('tr')).toContain('train');
    expect(await complete('train', '--opt')).toContain('--optimizer');
    expect(await complete('train', 'x.csv', '--optimizer', 'ad')).toEqual(
      expect.arrayContaining(['adam', 'adamw']),
    );
    expect(await complete('predict', 'run', 'x.csv', '--format', '')).toEqual(['csv', 'jsonl']);
    expect(await complete('train', 'x.csv', '--categ')).toContain('--categorical');
    expect(await complete('train', 'x.csv', '--numeric', 'm')).toEqual([]);
    expect(await complete('train', 'mn')).toEqual(['mnist']);
    expect(await complete('train', '')).toEqual([]);
    expect(await complete('train', '--out', 'm')).toEqual([]);
  });

  const SIGNS = { bash: 'complete -o bashdefault', zsh: '#compdef gradpool' };

  it.each([
    ['bash', [], '/bin/bash'],
    ['zsh', [], '/bin/zsh'],
    ['bash', [], ''],
    ['bash', ['bash'], '/bin/zsh'],
    ['zsh', ['zsh'], '/bin/bash'],
  ] as const)('prints a script for %s: %j with SHELL=%s', async (shell, words, SHELL) => {
    const { stdout, code } = await place.gradpool(['completion', ...words], { SHELL });
    expect(code).toBe(0);
    expect(stdout).toContain(SIGNS[shell]);
    expect(stdout).toContain(`gradpool completion ${shell} >> ~/.${shell}rc`);
    expect(stdout).toContain(`SHELL=${shell} gradpool --get-yargs-completions`);
  });

  it('knows no other shell', async () => {
    expect(await place.gradpool(['completion', 'powershell'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'gradpool: completion: expected bash, zsh, found "powershell"\n',
    });
    expect(await complete('completion', '')).toEqual(['bash', 'zsh']);
  });

  it.skipIf(spawnSync('bash', ['--version']).status !== 0)('works in bash, whatever $SHELL is', async () => {
    const { stdout: script } = await place.gradpool(['completion', 'bash']);
    const program = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
    const asked = `gradpool() { '${process.execPath}' '${program}' "$@"; }
${script}
COMP_WORDS=(gradpool train xor --opti); COMP_CWORD=3
_gradpool_yargs_completions
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ended = spawnSync('bash', ['-c', asked], {
      encoding: 'utf8',
      env: { ...process.env, SHELL: '/bin/zsh' },
    });
    expect(ended).toMatchObject({ status: 0, stdout: '--optimizer\n' });
  });
});

it('doctor measures every kernel', async () => {
  const { stdout } = await place.gradpool(['doctor', '--json']);
  const machine = JSON.parse(stdout);
  expect(machine.cores.usable).toBeGreaterThan(0);
  for (const { name, gflops, missing } of machine.kernels) {
    expect(gflops === null ? missing : gflops, name).toBeTruthy();
  }
  const { stdout: text } = await place.gradpool(['doctor']);
  expect(text).toMatch(/^reference +\d/m);
  expect(text).toMatch(/^mpi +(none: |\S+ .*\/|MPICH )/m);
  expect(text).toMatch(/^--kernels auto takes (jit|wasm|portable)$/m);
  const native = machine.kernels.filter(({ name }: { name: string }) => name === 'native');
  expect(native.length).toBeGreaterThan(0);
  for (const { library, bf16Gflops } of native) {
    if (library) expect(text).toContain(`${library.version} (${library.path})`);
    const known = libraries.find(({ version }) => version === library?.version);
    expect(bf16Gflops !== null, library?.version).toBe(known?.bf16 ?? false);
  }
});
