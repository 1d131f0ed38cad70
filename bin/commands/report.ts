import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../../src/atomic.js';
import { destinationOf } from '../../src/destination.js';
import { UsageError } from '../../src/errors.js';
import { defineCommand } from '../command.js';
import { readText } from '../readers.js';
import { print, printNotes, streamTo } from '../render/output.js';

export const reportCommand = defineCommand({
  usage: 'report <what>',
  describe: 'write a page of HTML that shows a run, a sweep or a benchmark, with everything in one file',
  positionals: { what: "a run's or sweep's folder, or the file that gradpool bench --json printed" },
  flags: {
    out: {
      describe: 'the file to write, or - for standard output; default: report.html in the folder',
      read: readText,
    },
    data: {
      describe:
        "a run: rows with targets to test the model on; default: the run's own test or validation rows",
      read: readText,
    },
    open: { describe: 'show the page in the browser', boolean: true },
  },
  examples: [
    ['gradpool report runs/mine --open', 'curves, metrics, mistakes, importances, the network'],
    ['gradpool report runs/mine --data holdout.csv', 'the model on rows of your own'],
    ['gradpool report sweeps/mine', 'leaderboard, parallel coordinates, the effect of each axis'],
    ['gradpool report bench.json --out bench.html', 'speed-up and where the time goes'],
  ],
  async run({ what, out, data, open }) {
    if (out !== undefined && destinationOf(out).kind !== 'file' && open) {
      throw new UsageError(`--open shows a file, and --out ${out} is none; leave one of them out`);
    }
    const { makeReport } = await import('../../src/report/report.js');
    const { path, html, notes } = await makeReport(what, { data });
    printNotes(notes);
    // A run's folder may come from anybody, so a link in the place of the default file is replaced.
    if (out === undefined) writeFileAtomic(path, html);
    else await streamTo(out, (put) => put(html));
    const file = out ?? path;
    if (destinationOf(file).kind === 'file') print(file);
    if (open) await show(resolve(file));
    return 0;
  },
});

const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/** Shows a file in the browser. Where there is nothing to show it with, a note says so. */
async function show(file: string): Promise<void> {
  const [program, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...before, file], { detached: true, stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    child.unref();
  } catch {
    printNotes([`--open: ${program} is not there to show the page; open ${file} yourself`]);
  }
}
