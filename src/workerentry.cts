/**
 * Loads a worker module for piscina where Node runs with --disallow-code-generation-from-strings: piscina
 * itself makes the function that imports modules out of a string.
 */
import threads = require('node:worker_threads');

const { module: url } = threads.workerData as { readonly module: string };
const loaded = import(url) as Promise<{ readonly default: unknown }>;

/** piscina waits for what it takes from a module, so a promise of the function will do. */
export = { __esModule: true, default: loaded.then((module) => module.default) };
