/** The report of a sweep. */
import { stringify } from 'yaml';
import { shellPath, shellWord } from '../../data/words.js';
import { SEARCHES, type SearchName } from '../../experiment/definition.js';
import { assignmentText } from '../../experiment/searches/space.js';
import { chartDrawer } from '../chart.js';
import { commandBlock, factList, headlines, type PageSection } from '../elements.js';
import { momentText, numberText } from '../format.js';
import { html } from '../html.js';
import type { Page } from '../page.js';
import { comparisonSection } from './comparison.js';
import { trialCurvesSection } from './curves.js';
import { failuresSection, leaderboardSection, scoreValueText } from './leaderboard.js';
import { type OpenedSweep, openSweep } from './open.js';
import { coordinatesSection, effectsSection } from './space.js';

/** Makes the page of a sweep. Throws DataError where the folder is no sweep's or is damaged. */
export async function sweepPage(folder: string): Promise<Page> {
  const sweep = openSweep(folder);
  const draw = await chartDrawer();
  const sections = [
    summary(sweep),
    await leaderboardSection(sweep, draw),
    await coordinatesSection(sweep, draw),
    await effectsSection(sweep, draw),
    await trialCurvesSection(sweep, draw),
    comparisonSection(sweep),
    failuresSection(sweep),
  ];
  const { record, definition } = sweep;
  return {
    title: `Sweep of ${sweep.paths.join(', ') || 'one configuration'} on ${definition.base.data}`,
    lead: `Sweep ${folder}, ${record.status}, begun ${momentText(record.started)}`,
    status: sweepStatus(sweep),
    notes: sweep.notes,
    sections: sections.filter((section) => section !== null),
    footer: html`Made by gradpool report from ${folder}.`,
  };
}

/** Writes how a sweep stands: null where it has ended as it should. */
function sweepStatus({ record, folder, ended, begun }: OpenedSweep): Page['status'] {
  const { status, error } = record;
  const resume = `gradpool resume ${shellPath(folder)} goes on with it`;
  const so = `${ended} of the ${begun} trials begun have ended`;
  if (status === 'failed') return { text: `This sweep failed: ${error ?? 'it left no reason'}`, bad: true };
  if (status === 'running') {
    return { text: `This sweep has not ended: ${so}. If its process is gone, ${resume}.`, bad: false };
  }
  return status === 'interrupted'
    ? { text: `This sweep was interrupted: ${so}; ${resume}.`, bad: false }
    : null;
}

function summary({ folder, record, definition, rows, ended, paths }: OpenedSweep): PageSection {
  const { score, search, seeds, axes, base } = definition;
  const best = rows.find(({ status }) => status === 'completed');
  const command =
    record.argv.length > 0
      ? `gradpool ${record.argv.map(shellWord).join(' ')}`
      : `gradpool sweep ${shellPath(`${folder}/sweep.yaml`)}`;
  const body = html`${best && headlines([[`best mean ${score}`, scoreValueText(score, best.score)]])}
${factList([
  ['Best', best && assignmentText(best.axes)],
  ['Ranked by', score],
  ['Search', search.startsWith('own:') ? search : `${search}: ${SEARCHES[search as SearchName]}`],
  ['Axes', paths.join(', ')],
  ['Configurations', numberText(rows.length)],
  ['Seeds', seeds.join(', ')],
  ['Trials ended', numberText(ended)],
  ['Started', momentText(record.started)],
  ['Ended', record.ended === null ? null : momentText(record.ended)],
  ['gradpool', record.gradpool],
])}
<p>The command that repeats it, from the folder <code>${record.cwd}</code>:</p>
${commandBlock('Command that repeats the sweep', command)}
<details><summary>Its axes, and the options that all trials share</summary>${commandBlock('Definition of the sweep', stringify({ axes, base }))}</details>`;
  return { id: 'summary', title: 'What was searched', body };
}
