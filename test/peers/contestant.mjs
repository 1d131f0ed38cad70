/**
 * What the Node contestants have in common: the command line, random data, and the protocol with run.mjs (see
 * contestant.py).
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const ROWS = 16384;
const WARM_UP_SECONDS = 3;

/** NETWORK BATCH KEY=VALUE… */
export function contestantArguments() {
  const [network, batch, ...settings] = process.argv.slice(2);
  return {
    widths: network.split('-').map(Number),
    batch: Number(batch),
    settings: Object.fromEntries(settings.map((pair) => pair.split('='))),
  };
}

/** Inputs [rows, widths[0]] uniform in [-1, 1) and classes [rows], from a small generator of our own. */
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

/** Uniform weights within ±√(6/inputs), as suits ReLU, [inputs, outputs]. */
export function initialWeights(inputs, outputs) {
  const bound = Math.sqrt(6 / inputs);
  return randomRows([inputs, 1], outputs).x.map((value) => value * bound);
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/**
 * Loads with `prepare`, which returns {versions, step, close}: step() trains on one batch or more and returns
 * the number of samples, itself or as a promise. What prepare throws is the reason why this contestant is
 * skipped.
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
    samples += typeof done === 'number' ? done : await done; // no turn of the microtask queue where none is asked for
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

/** Not every package exports its package.json. */
export function packageVersion(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8'))
    .version;
}
