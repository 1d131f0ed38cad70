/** Runs the peers out of peers.py on splits of one table: a process for each peer and table. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FOLDER, PYTHON } from './folder.mjs';
import { splitFolder } from './splitfiles.mjs';

/** The peers, in the order of the report; the names are those of PEERS in peers.py. */
export const PEERS = [
  'MLP',
  'MLP, early stopping',
  'HistGradientBoosting',
  'random forest',
  'logistic or ridge',
  'xgboost',
];

const SCRIPT = fileURLToPath(new URL('peers.py', import.meta.url));
const UNPACKED = join(FOLDER, 'packages', 'root', 'usr', 'lib');

/**
 * Trains a peer on splits of a table.
 * @param cores how many cores it may use: 2 where time is measured; 1 where only scores count, since threads
 * that wait for a busy core cost much more than they bring
 * @param onResult is handed repeat, fold and scores as soon as they are there
 */
export async function runPeer(peer, table, pairs, cores, onResult) {
  const pairOf = new Map(pairs.map((pair) => [splitFolder(table, ...pair), pair]));
  const args = [SCRIPT, peer, join(FOLDER, 'tables', `${table}.json`), ...pairOf.keys()];
  const env = {
    ...process.env,
    SUITE_CORES: String(cores),
    PYTHONPATH: join(UNPACKED, 'python3', 'dist-packages'),
    LD_LIBRARY_PATH: join(UNPACKED, 'x86_64-linux-gnu'),
  };
  const child = spawn(PYTHON, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const ended = new Promise((resolve) => {
    child.on('close', resolve);
    child.on('error', (error) => {
      said = error.message;
      resolve(-1);
    });
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { folder, ...result } = JSON.parse(line);
    const [repeat, fold] = pairOf.get(folder);
    pairOf.delete(folder);
    onResult({ repeat, fold, ...result });
  }
  const code = await ended;
  const error = `exit code ${code}: ${said.trim().split('\n').at(-1)}`.slice(0, 300);
  for (const [repeat, fold] of pairOf.values()) onResult({ repeat, fold, error });
}
