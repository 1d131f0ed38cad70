/**
 * The module that piscina loads in every thread; it loads the one that the thread is to work with next. It is
 * CommonJS because piscina loads other modules by a function that it makes out of a string, which
 * --disallow-code-generation-from-strings forbids.
 */
import type { ThreadMessage, ThreadWork } from './threads.js' with { 'resolution-mode': 'import' };

type DoTask = (task: unknown) => unknown;

/** Does the tasks of the present work. */
let prepared: Promise<DoTask> | null = null;

async function prepare({ module, setup }: ThreadWork): Promise<DoTask> {
  const { default: doing } = (await import(module)) as { default: (setup: unknown) => DoTask };
  return doing(setup);
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

export = receive;
