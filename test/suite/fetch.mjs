/**
 * Fetches the suite's tables: `node test/suite/fetch.mjs`. The packages are downloaded and unpacked in the
 * suite's folder, not installed. Needs apt-get, dpkg-deb and a Python with scikit-learn. R writes the tables
 * of R packages; where there is no R, python3-rdata does it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FOLDER, PYTHON, present } from './folder.mjs';
import { PACKAGES, PEER_PACKAGES, TABLES } from './tables.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(FOLDER, 'packages', 'root');
const RAW = join(FOLDER, 'raw');

/** Fetches the tables unless these were fetched or tried before, and returns those that there are. */
export function fetchTables() {
  const stamp = join(FOLDER, 'tables', 'fetched.json');
  const tables = JSON.stringify(TABLES);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== tables) {
    fetchAnew();
    writeFileSync(stamp, tables);
  }
  return present();
}

/** Fetches what is missing, and says what cannot be had. */
function fetchAnew() {
  for (const folder of [ROOT, RAW, join(FOLDER, 'tables')]) mkdirSync(folder, { recursive: true });
  const wanted = [...Object.keys(PACKAGES).filter((name) => name !== 'python3-sklearn'), ...PEER_PACKAGES];
  for (const name of wanted) unpack(name);
  exportFrames(TABLES.filter(({ package: from }) => from.startsWith('r-cran-')));
  exportArff(TABLES.filter(({ package: from }) => from === 'weka'));
  run(PYTHON, [join(HERE, 'export.py'), RAW, join(FOLDER, 'tables')], JSON.stringify(TABLES));
  for (const { name } of TABLES)
    if (!present().some((table) => table.name === name)) say(`${name} is missing`);
}

/** Downloads and unpacks a package; what is installed already is found in the system's own folders. */
function unpack(name) {
  const archives = join(FOLDER, 'packages');
  const archive = () => readdirSync(archives).find((file) => file.startsWith(`${name}_`));
  const download = ['apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name]];
  if (archive() === undefined) run(...download, '', archives);
  if (archive() === undefined) say(`${name} cannot be downloaded; what is installed of it is used`);
  else run('dpkg-deb', ['-x', join(archives, archive()), ROOT]);
}

function exportFrames(tables) {
  const hasR = spawnSync('Rscript', ['--version']).status === 0;
  if (!hasR) for (const name of ['python3-rdata', 'python3-xarray']) unpack(name);
  const writer = hasR
    ? ['Rscript', '--vanilla', join(HERE, 'export.R')]
    : [PYTHON, join(HERE, 'rdata_frames.py')];
  const libraries = ['usr/lib/R/site-library', 'usr/share/R/library'];
  for (const { package: from, item } of tables) {
    const name = from.replace('r-cran-', '');
    const places = [...libraries.map((library) => join(ROOT, library)), ...libraries.map((l) => `/${l}`)];
    const library = places.find((place) => existsSync(join(place, name)));
    if (library === undefined) say(`${from} is nowhere, so ${item} is left out`);
    else run(writer[0], [...writer.slice(1), library, RAW, `${name}/${item}`]);
  }
}

function exportArff(tables) {
  for (const item of tables.flatMap(({ item }) => item.split('+'))) {
    const file = `usr/share/doc/weka/examples/${item}.arff`;
    const source = [join(ROOT, file), `/${file}`].find(existsSync);
    if (source === undefined) say(`${file} is nowhere, so ${item} is left out`);
    else run(PYTHON, [join(dirname(HERE), 'tables', 'arff.py'), source, join(RAW, `weka_${item}.csv`)]);
  }
}

function run(command, args, input = '', cwd = FOLDER) {
  const env = { ...process.env, PYTHONPATH: join(ROOT, 'usr', 'lib', 'python3', 'dist-packages') };
  const { status, error } = spawnSync(command, args, { input, cwd, env, stdio: ['pipe', 2, 2] });
  if (status !== 0)
    say(`${command} ${args.slice(0, 3).join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

function say(line) {
  process.stderr.write(`bench:tables: ${line}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fetchAnew();
  say(`${fetchTables().length} of ${TABLES.length} tables are in ${join(FOLDER, 'tables')}`);
}
