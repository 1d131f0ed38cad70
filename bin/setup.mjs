/**
 * Installs and builds what is missing or out of date, and nothing else: `npm start` and `npm test` call it first, so
 * both work on a fresh machine. Plain JavaScript on Node's own modules, because nothing is installed yet.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `gradpool needs Node 20.19 or later, and this is ${process.versions.node}: https://nodejs.org`,
  );
  process.exit(2);
}

const installed = join('node_modules', '.gradpool-installed');
const lock = hash('package-lock.json');
if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
  npm('installing packages', 'install', '--no-save', '--no-audit', '--no-fund'); // ci refuses a lock file made where not every platform's packages were to be had
  writeFileSync(installed, lock);
}

const built = join('dist', '.gradpool-built');
const sources = ['src', 'bin', 'workers']
  .flatMap(filesBelow)
  .concat('tsconfig.json', 'rolldown.config.mjs', 'package.json', 'package-lock.json');
const digest = createHash('sha256').update(sources.map(hash).join()).digest('hex');
if (!existsSync(built) || readFileSync(built, 'utf8') !== digest) {
  npm('building', 'run', 'build');
  writeFileSync(built, digest);
}

function npm(what, ...args) {
  console.error(`gradpool: ${what} (npm ${args.slice(0, 2).join(' ')}) …`);
  const shell = process.platform === 'win32'; // npm is a script there
  try {
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell });
  } catch (error) {
    console.error(`gradpool: ${what} failed (npm ${args.join(' ')}); its own words stand above`);
    process.exit(error.status ?? 1);
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
