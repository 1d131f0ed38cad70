/**
 * What the Node contestants share: the command line, random data, and the protocol with run.mjs, which
 * contestant.py describes.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const ROWS = 16384;
const WARM_UP_SECONDS = 3;

/** Reads the command line: NETWORK BATCH KEY=VALUE… */
export function contestantArguments() {
  const [network, batch, ...settings] = process.argv.slice(2);
  return {
    widths: network.split('-').map(Number),
    batch: Number(batch),
    settings: Object.fromEntries(settings.map((pair) => pair.split('='))),
  };
}

/**
 * Draws inputs [rows, widths[0]] uniformly from [-1, 1) and classes [rows], with a small generator of its
 * own.
 */
export function randomRows(widths, rows = ROWS) {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const outputs = widths[widths.length - 1];
  return {
    x: Float32Array.from({ length: rows * widths[0] }, () => 2 * draw() - 1),
    classes: Int32Array.from({ length: rows }, () => Math.floor(draw() * outputs)),
  };
}

/** Draws weights [inputs, outputs] uniformly from ±√(6/inputs), which suits ReLU. */
export function initialWeights(inputs, outputs) {
  const bound = Math.sqrt(6 / inputs);
  return randomRows([inputs, 1], outputs).x.map((value) => value * bound);
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/**
 * Prepares a contestant and answers the questions of run.mjs. `prepare` returns {versions, step, close}:
 * step() trains on one batch or more and returns the number of samples, or a promise of it. If prepare
 * throws, the contestant is skipped, and the error's message is the reason.
 */
export async function takeTurns(prepare) {
  let prepared;
  try {
    prepared = await prepare(contestantArguments());
    await measure(prepared.step, WARM_UP_SECONDS);
  } catch (error) {
    say({ skip: error.message.split('\n')[0] });
    process.exit();
  }
  say({ versions: { ...prepared.versions, Node: process.versions.node } });
  for await (const line of createInterface({ input: process.stdin })) {
    say({ samplesPerSecond: await measure(prepared.step, Number(line)) });
  }
  await prepared.close?.();
  process.exit();
}

async function measure(step, seconds) {
  let samples = 0;
  const begin = performance.now();
  for (;;) {
    const done = step();
    // a step that is not a promise must not pay for a turn of the microtask queue
    samples += typeof done === 'number' ? done : await done;
    const passed = (performance.now() - begin) / 1000;
    if (passed >= seconds) return samples / passed;
  }
}

/** Imports a package that only this benchmark needs. */
export async function installed(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`${name} is not installed; npm run bench:peers -- --install`);
  }
}

/** Reads a package's version from its file, because not every package exports its package.json. */
export function packageVersion(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8'))
    .version;
}
