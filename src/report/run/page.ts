/** The report of a run. */
import { chartDrawer } from '../chart.js';
import type { PageSection } from '../elements.js';
import { momentText } from '../format.js';
import { html } from '../html.js';
import type { Page } from '../page.js';
import { calibrationSection } from './calibration.js';
import { classesSection } from './classes.js';
import { curvesSection, normsSection } from './curves.js';
import { dataSection } from './data.js';
import { type Examined, examineRun } from './examined.js';
import { foldsSection } from './folds.js';
import { importanceSection } from './importance.js';
import { machineSection } from './machine.js';
import { mistakesSection } from './mistakes.js';
import { layerNames, networkSection } from './network.js';
import { openRun } from './open.js';
import { pictureSection } from './picture.js';
import { rankingSection } from './ranking.js';
import { residualsSection } from './residuals.js';
import { scoresSection } from './scores.js';
import { runStatus, summarySection } from './summary.js';

/**
 * Makes the page of a run.
 * @param source rows with targets to evaluate the model on, in place of the run's own
 * @throws DataError where the folder is no run's, and for a source that cannot be read
 */
export async function runPage(folder: string, source: string | undefined): Promise<Page> {
  const run = await openRun(folder, source);
  const draw = await chartDrawer();
  const notes = [...run.notes];
  const examined = examineRun(run, (note) => notes.push(note));
  const ofRows = async (make: (examined: Examined) => PageSection | null | Promise<PageSection | null>) =>
    examined && make(examined);
  const sections = [
    summarySection(run),
    foldsSection(run),
    await curvesSection(run, draw),
    pictureSection(run, (note) => notes.push(note)),
    await ofRows(scoresSection),
    await ofRows(classesSection),
    await ofRows((found) => rankingSection(found, draw)),
    await ofRows((found) => calibrationSection(found, draw)),
    await ofRows((found) => residualsSection(found, draw)),
    await ofRows(mistakesSection),
    await ofRows((found) => importanceSection(found, draw)),
    await normsSection(run, layerNames(run.model), draw),
    await networkSection(run, source),
    dataSection(run),
    await machineSection(run, draw),
  ];
  const { record } = run;
  const name = run.log.start?.dataset ?? run.config.data;
  return {
    title: `${name}: ${run.log.start?.widths ?? 'a training'}`,
    lead: `Run ${folder}, ${record.status}, begun ${momentText(record.started)}`,
    status: runStatus(run),
    notes,
    sections: sections.filter((section) => section !== null),
    footer: html`Made by gradpool report from ${folder}.`,
  };
}
