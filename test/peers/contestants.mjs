/** Which contestants take part, with which settings, and on which networks. */
import { execFileSync } from 'node:child_process';
import { allocatorEnvironments, blasEnvironments } from './environment.mjs';

/** The packages that `--install` fetches. gradpool itself depends on none of them. */
export const PACKAGES = [
  '@tensorflow/tfjs@4.22.0',
  '@tensorflow/tfjs-backend-wasm@4.22.0',
  '@jax-js/jax@0.1.25',
  'brain.js@1.6.1',
  'convnetjs@0.3.0',
];

/** Pairs of a network and a batch. */
export const NETWORKS = [
  ['784-128-10', 64],
  ['784-256-128-10', 128],
  ['784-512-512-10', 256],
  ['784-2048-2048-10', 512],
  ['16-64-64-4', 32],
];
const ADAM_NETWORK = '784-256-128-10';

/** Finds the interpreter that imports torch, or else the first one there is. */
export function findPython() {
  const found = ['python3', '/usr/bin/python3'].filter((python) => runs(python, 'pass'));
  return found.find((python) => runs(python, 'import torch')) ?? found[0] ?? 'python3';
}

function runs(python, code) {
  try {
    execFileSync(python, ['-c', code], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Lists 1, 2, 4, … and the number of cores. */
export function threadCounts(cores) {
  const counts = [];
  for (let count = 1; count < cores; count *= 2) counts.push(count);
  return [...counts, cores];
}

/**
 * Lists the contestants. `peer` is the word for --only; a peer that is hopelessly slow takes part only in
 * networks of up to `mostWeights` weights. `environments` are tried with the settings that prove best in the
 * plain environment.
 * @param machine the number of cores, the Python interpreter, and the command of the Node that jax-js needs
 * @returns {{ name: string, peer: string, command: string[], settings: string[], environments?: string[],
 * networks?: string[], mostWeights?: number }[]}
 */
export function contestants({ cores, python, node }) {
  const counts = threadCounts(cores);
  const threads = counts.map((count) => `threads=${count}`);
  const workers = (rest) => [0, ...counts].map((count) => `workers=${count} ${rest}`);
  const several = counts.filter((count) => count > 1);
  const pytorch = [
    'threads=1 blas=1',
    ...several.flatMap((count) => [
      `threads=1 blas=${count}`,
      `threads=${count} blas=1`,
      `threads=${count} blas=${count}`,
    ]),
    ...(cores > 1 ? [`ranks=${cores}`] : []),
  ];
  const with_ = (settings, rest) => settings.map((setting) => `${setting} ${rest}`);

  const own = (name, rest) => ({
    name: `gradpool ${name}`,
    peer: 'gradpool',
    command: ['node', 'gradpool.mjs'],
    settings: workers(rest),
  });
  const torch = { peer: 'torch', command: [python, 'pytorch.py'], environments: blasEnvironments() };
  const adam = { peer: 'adam', networks: [ADAM_NETWORK] };
  return [
    own('jit', 'kernels=jit'),
    own('jit bf16', 'kernels=jit precision=bf16'),
    own('amx bf16', 'kernels=amx precision=bf16'),
    own('wasm', 'kernels=wasm'),
    own('native', 'kernels=native'),
    own('native bf16', 'kernels=native precision=bf16'),
    { ...torch, name: 'PyTorch', settings: pytorch },
    {
      ...torch,
      name: 'PyTorch bf16',
      settings: with_(threads, 'precision=bf16'),
      environments: allocatorEnvironments(), // oneDNN makes these products, not OpenBLAS
    },
    {
      name: 'scikit-learn',
      peer: 'sklearn',
      command: [python, 'scikit.py'],
      settings: threads,
      environments: blasEnvironments(),
    },
    {
      name: 'jax-js',
      peer: 'jax',
      command: [...node, 'jaxjs.mjs'],
      settings: threads,
      mostWeights: 1e6,
    },
    {
      name: 'tfjs wasm',
      peer: 'tfjs',
      command: ['node', 'tfjs.mjs'],
      settings: with_(threads, 'backend=wasm'),
      mostWeights: 1e6,
    },
    {
      name: 'tfjs cpu',
      peer: 'tfjs',
      command: ['node', 'tfjs.mjs'],
      settings: ['backend=cpu'],
      mostWeights: 1e6,
    },
    { name: 'brain.js', peer: 'brain', command: ['node', 'brain.mjs'], settings: [''], mostWeights: 2e5 },
    {
      name: 'convnetjs',
      peer: 'convnet',
      command: ['node', 'convnet.mjs'],
      settings: [''],
      mostWeights: 2e5,
    },
    { ...own('jit Adam', 'kernels=jit optimizer=adam'), ...adam },
    { ...own('wasm Adam', 'kernels=wasm optimizer=adam'), ...adam },
    { ...own('native Adam', 'kernels=native optimizer=adam'), ...adam },
    { ...torch, ...adam, name: 'PyTorch Adam', settings: with_(pytorch, 'optimizer=adam') },
  ];
}

export function weights(network) {
  const widths = network.split('-').map(Number);
  return widths.slice(1).reduce((sum, outputs, i) => sum + widths[i] * outputs, 0);
}
