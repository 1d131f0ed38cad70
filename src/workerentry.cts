/**
 * The module that piscina loads in every thread; it loads the one that the thread is to work with next. It is
 * CommonJS because piscina loads other modules by a function that it makes out of a string, which
 * --disallow-code-generation-from-strings forbids.
 */
import workerThreads = require('node:worker_threads');

import type { ThreadMessage, ThreadWork } from './threads.js' with { 'resolution-mode': 'import' };

type DoTask = (task: unknown) => unknown;
type Preparing = (setup: unknown) => DoTask;

/** Does the tasks of the present work. */
let prepared: Promise<DoTask> | null = null;

async function prepare({ module, setup }: ThreadWork): Promise<DoTask> {
  return (await load(module))(setup);
}

async function load(module: string): Promise<Preparing> {
  const { default: preparing } = (await import(module)) as { default: Preparing };
  return preparing;
}

/** Lets go of the work. A thread that rests allocates nothing, so its garbage has to be collected now. */
function rest(): void {
  prepared = null;
  globalThis.gc!();
}

async function receive(message: ThreadMessage): Promise<unknown> {
  if (message === null) return rest();
  if (message.work) prepared = prepare(message.work);
  if (!prepared) throw new Error('a thread died between two tasks');
  return (await prepared)(message.task);
}

/**
 * The module of the first work is loaded before piscina hears that the thread has started: the coordinator
 * is busy with its own preparations meanwhile. Where it cannot be loaded, the first task says why.
 */
const started: Promise<typeof receive> = load(workerThreads.workerData as string).then(
  () => receive,
  () => receive,
);

export = started;
