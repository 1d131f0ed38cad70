/**
 * Installs the packages and builds gradpool, each only where something is missing or out of date. `npm start`
 * and `npm test` call this script first, so both work on a fresh machine. It is plain JavaScript and imports
 * only Node's own modules, because it runs before anything is installed or compiled.
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
  if (!matchesLockFile()) npm('installing packages', 'ci');
  writeFileSync(installed, lock);
}

const built = join('dist', '.gradpool-built');
const sources = ['src', 'bin', 'workers', 'page']
  .flatMap(filesBelow)
  .concat('tsconfig.json', 'rolldown.config.mjs', 'package.json', 'package-lock.json');
const digest = createHash('sha256').update(sources.map(hash).join()).digest('hex');
if (!existsSync(built) || readFileSync(built, 'utf8') !== digest) {
  npm('building', 'run', 'build');
  writeFileSync(built, digest);
}

/**
 * Says whether node_modules already holds the very packages that the lock file names, as it does after
 * someone ran `npm ci` or `npm install` by hand. `npm ci` would delete them and install them again. Optional
 * packages may be missing: most of them are binaries for other platforms.
 */
function matchesLockFile() {
  const list = join('node_modules', '.package-lock.json'); // npm records here what it installed
  if (!existsSync(list)) return false;
  const present = packagesIn(list);
  return Object.entries(packagesIn('package-lock.json')).every(
    ([path, { integrity, optional }]) =>
      path === '' || (path in present ? present[path].integrity === integrity && existsSync(path) : optional),
  );
}

function packagesIn(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function npm(what, ...args) {
  const command = `npm ${args.join(' ')}`;
  console.error(`gradpool: ${what} (${command}) …`);
  const shell = process.platform === 'win32'; // npm is a shell script there
  try {
    execFileSync('npm', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: Number.POSITIVE_INFINITY,
      shell,
    });
  } catch (error) {
    process.stderr.write(error.stdout ?? ''); // compilers report errors there
    const reason = error.code === 'ENOENT' ? 'npm is not on the PATH' : "npm's own message is above";
    console.error(`gradpool: ${what} failed (${command}): ${reason}`);
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
