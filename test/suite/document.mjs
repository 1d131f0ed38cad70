/** docs/tables.md: what the suite is, and the sections of its report. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { markdownTable } from '../peers/summary.mjs';
import { about, PYTHON, RESULTS } from './folder.mjs';
import { PEERS } from './peers.mjs';
import { readStore } from './store.mjs';
import { HALVES, PACKAGES } from './tables.mjs';

/**
 * Returns the whole text of docs/tables.md.
 * @param tables those that were fetched
 * @param contestants the first is gradpool
 * @param parts the report's sections: { title, note, header, rows }
 */
export function documentText(tables, contestants, parts) {
  const [ours] = contestants;
  const entries = [...readStore(RESULTS).values()];
  const latest = entries.findLast(({ contestant }) => contestant === ours);
  return `# Real tables: gradpool and its peers

How good is \`gradpool train TABLE -t TARGET\` on tables that nobody made for it? \`npm run bench:tables\` fetches
${tables.length} real tables out of Debian packages, trains gradpool and ${PEERS.length} peers on the same splits, and writes this page.

**The splits are ours.** No place on any leaderboard is claimed, and no figure here may be set beside figures from
elsewhere: other splits of the same tables give other figures.

- splits: 3 folds, repeated 3 times; classes are spread evenly over the folds. They follow from the table alone
  ([splits.mjs](../test/suite/splits.mjs)), are written once as files, and are the same for all contestants.
- choices: whatever was chosen by looking at scores was chosen on the half **choose**; the half **confirm** was looked at
  afterwards. The halves are fixed in [tables.mjs](../test/suite/tables.mjs):
${HALVES.map((half) => `  - ${half}: ${listed(tables, half)}`).join('\n')}
- scores: of the test fold, whose rows no contestant sees in training. Accuracy and log loss for classes, RMSE and R² for
  numbers. The log loss is the mean of −ln p of the true class, where p is clipped at 1e-15 for every peer; a random forest
  that gives a true class no vote at all pays 34.5 for that row. gradpool's p comes out of its own report, unclipped.
- intervals: 95 %, by the corrected variance of Nadeau and Bengio (2003), s²·(1/9 + 1/2), since the nine training sets
  share rows. They say how much a figure would move with other splits, not which of two contestants is better: for that,
  "clear" below takes the differences split by split.
- average rank: on each table the contestants are ranked by their mean over the splits; a contestant that fails on a split
  is ranked last there.
- ${ours}: \`gradpool train train.csv --target TARGET --test test.csv${latest?.flags ? ` ${latest.flags}` : ''}\`, version ${latest?.version ?? 'unknown'}; nothing is said of the
  table but its target.
- the peers, with their defaults, get more help than gradpool: they are told which columns hold numbers, words and dates.
  Words are one-hot encoded, missing numbers become the median; HistGradientBoosting gets ordinals that it knows to be
  categories, and like xgboost it takes missing numbers as they are. A date becomes day, month and weekday, since no peer
  reads dates. The MLPs and logistic or ridge regression get standardised numbers, the MLPs standardised targets as well,
  and logistic regression 1,000 iterations. See [peers.py](../test/suite/peers.py).
- machine: ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB
- versions: Node ${process.versions.node}, ${pythonVersions()}
- commands: \`npm run bench:tables -- --jobs 2\`, \`npm run bench:tables -- --times\`, \`npm run bench:tables -- --report --write\`

${parts.map(section).join('\n\n')}

## The tables

None of them is in the repository. \`node test/suite/fetch.mjs\` downloads the packages with \`apt-get download\`, unpacks them
in \`~/.cache/gradpool/suite\` (or in the folder that \`GRADPOOL_SUITE\` names), and exports them as CSV. Rows without a target
are left out.

${markdownTable(['table', 'package', 'there', 'half', 'rows', 'numbers', 'words', 'dates', 'missing', 'target'], tables.map(tableRow))}

${markdownTable(
  ['package', 'licence', 'by'],
  Object.entries(PACKAGES).map(([name, { licence, by }]) => [name, licence, by]),
)}
`;
}

function listed(tables, half) {
  return tables
    .filter((table) => table.half === half)
    .map(({ name }) => name)
    .join(', ');
}

function section({ title, note, header, rows }) {
  const right = header.map((name) => name.replaceAll('|', '\\|'));
  return `## ${title}\n\n${note[0].toUpperCase()}${note.slice(1)}.\n\n${markdownTable(right, rows)}`;
}

function tableRow({ name, package: from, item, half, sample, target }) {
  const { rows, kinds, missing, task, targets } = about(name);
  const of = (kind) => String(Object.values(kinds).filter((other) => other === kind).length);
  const there = sample === undefined ? item : `${item}, a sample`;
  const what = task === 'classification' ? `${target}, ${new Set(targets).size} classes` : target;
  const counts = ['number', 'category', 'date'].map(of);
  return [
    name,
    from,
    there,
    half,
    rows.toLocaleString('en-US'),
    ...counts,
    missing.toLocaleString('en-US'),
    what,
  ];
}

function pythonVersions() {
  const code =
    'import sys, sklearn, numpy; print(sys.version.split()[0], sklearn.__version__, numpy.__version__)';
  try {
    const [python, sklearn, numpy] = execFileSync(PYTHON, ['-c', code], { encoding: 'utf8' })
      .trim()
      .split(' ');
    return `Python ${python}, scikit-learn ${sklearn}, NumPy ${numpy}, xgboost of Debian's python3-xgboost`;
  } catch {
    return 'no Python';
  }
}
