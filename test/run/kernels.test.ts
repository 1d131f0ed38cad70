/** A run goes on with the kernels that it began with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { type ResumeOptions, resume, train } from '#src/run/train.js';
import type { EndEvent, StartEvent, TrainEvent } from '#src/train/events.js';
import { libraries, machineSets } from '../kernels/implementations.js';
import { writeIdxFolder } from '../support/idx.js';
import { unseal } from '../support/unsealed.js';

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-kernels-'));
  data = writeIdxFolder(join(folder, 'data'), { train: 200, test: 20 });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncGenerator<TrainEvent>): Promise<{ start: StartEvent; end: EndEvent }> {
  const found: TrainEvent[] = [];
  for await (const event of events) found.push(event);
  return { start: found.find(({ type }) => type === 'start') as StartEvent, end: found.at(-1) as EndEvent };
}

const options = () => ({ data, hidden: [90], batch: 25, epochs: 3, workers: 0, lr: 0.01 });
const record = (out: string) => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));

/** A run by `kernels` of which the configuration would choose for itself. */
async function begun(name: string, kernels: 'portable' | 'wasm' | 'jit' | 'native', change: object = {}) {
  const out = join(folder, name);
  await all(train({ ...options(), kernels }, { out }));
  const config = join(out, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(`kernels: ${kernels}`, 'kernels: auto'));
  unseal(out, change);
  return out;
}
const goOn = (out: string, more: ResumeOptions = {}) => all(resume(out, { epochs: 5, ...more }));

it('with kernels auto it takes those of the record', async () => {
  const { end: whole } = await all(train({ ...options(), kernels: 'portable', epochs: 5 }, { out: null }));
  const out = await begun('recorded', 'portable');
  const { start, end } = await goOn(out);
  expect(end).toMatchObject({ kernels: 'portable', weightsSha256: whole.weightsSha256 });
  expect(start.notes.join()).not.toMatch(/begun with/);
});

it.skipIf(machineSets.length === 0)(
  'wasm and jit have the same bits, so either goes on for the other',
  async () => {
    const { end: whole } = await all(train({ ...options(), kernels: 'wasm', epochs: 5 }, { out: null }));
    const goesOn = async (out: string) => {
      const { start, end } = await goOn(out);
      expect(end.weightsSha256).toBe(whole.weightsSha256);
      expect(start.notes.join()).not.toMatch(/begun with/);
      return end.kernels;
    };
    const out = await begun('jit', 'jit');
    expect(record(out)).toMatchObject({ kernels: 'jit', machine: { instructions: machineSets[0] } });
    expect(await goesOn(out)).toBe('jit');
    expect(await goesOn(await begun('wasm', 'wasm'))).toBe('jit');
    const elsewhere = await begun('elsewhere', 'jit');
    process.env.JIT_INSTRUCTIONS = 'avx512';
    try {
      expect(await goesOn(elsewhere)).toBe(machineSets.includes('avx512') ? 'jit' : 'wasm');
    } finally {
      delete process.env.JIT_INSTRUCTIONS;
    }
  },
);

it('others must be asked for, and are told', async () => {
  const out = await begun('asked', 'portable');
  const { start, end } = await goOn(out, { kernels: 'reference' });
  expect(end.kernels).toBe('reference');
  expect(start.notes.join('\n')).toContain('begun with portable, goes on with reference');
  expect(record(out)).toMatchObject({ kernels: 'reference', library: null });
});

it('a library that is gone is named, with the way out', async () => {
  const library = { path: '/nowhere/libdnnl.so.9', version: 'oneDNN 9.9.9', interface: 'oneDNN', bf16: true };
  const out = await begun('gone', 'portable', { kernels: 'native', library });
  const before = readFileSync(join(out, 'run.json'), 'utf8');
  const refused = goOn(out);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(
    /was begun with native kernels of oneDNN 9\.9\.9: .*\/nowhere\/libdnnl\.so\.9 is not a library that this machine's own search finds.*--kernels auto goes on/,
  );
  expect(readFileSync(join(out, 'run.json'), 'utf8')).toBe(before);
  expect((await goOn(out, { kernels: 'auto' })).end.status).toBe('completed');
});

it.skipIf(libraries.length === 0)('a library of another version goes on, and it is told', async () => {
  const out = await begun('version', 'native');
  const { library } = record(out);
  expect(library).toEqual(expect.objectContaining({ path: expect.any(String), version: expect.any(String) }));
  unseal(out, { library: { ...library, version: 'oneDNN 0.1' } });
  const { start, end } = await goOn(out);
  expect(end.kernels).toBe('native');
  expect(start.notes.join('\n')).toContain(`begun with oneDNN 0.1, goes on with ${library.version}`);
});
