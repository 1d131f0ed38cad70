/** How far the probabilities can be believed: the reliability diagram with the calibration error. */
import { COLOUR } from '../../bench/plot/theme.js';
import { CalibrationError } from '../../calibration/ece.js';
import { type Draw, quantity } from '../chart.js';
import { factList, grid, numbersTable, type PageSection } from '../elements.js';
import { numberText, percentText } from '../format.js';
import { html } from '../html.js';
import type { Examined } from './examined.js';

/** Returns the section of the calibration; null where there are no probabilities. */
export async function calibrationSection(
  { predictions, evaluation, model }: Examined,
  draw: Draw,
): Promise<PageSection | null> {
  if (predictions.task !== 'classification' || predictions.probabilities === null) return null;
  const { probabilities, classes, targets: labels, weights } = predictions;
  const error = new CalibrationError();
  error.add({ probabilities, classes: classes.length, labels, weights });
  const { bins } = error;
  const x = quantity('confidence', 'mean probability of the predicted class', UNIT);
  const y = quantity('accuracy', 'share that is right', UNIT);
  const chart = await draw({
    title: 'Reliability diagram',
    subtitle:
      'Below the dashed line the network is too sure, above it not sure enough; the larger a point, the more rows.',
    alt: `Share of right predictions against their mean probability in ${bins.length} bins; calibration error ${numberText(error.value)}`,
    height: 300,
    spec: {
      layer: [
        {
          data: { values: [0, 1].map((at) => ({ confidence: at, accuracy: at })) },
          mark: { type: 'line', stroke: COLOUR.muted, strokeDash: [5, 4], strokeWidth: 1 },
          encoding: { x, y },
        },
        {
          data: { values: bins },
          mark: { type: 'line', color: COLOUR.blue, strokeWidth: 1.5 },
          encoding: { x, y },
        },
        {
          data: { values: bins },
          mark: { type: 'point', filled: true, opacity: 1, color: COLOUR.blue },
          encoding: {
            x,
            y,
            size: { field: 'weight', type: 'quantitative', scale: { range: [20, 220] }, legend: null },
          },
        },
      ],
    },
  });
  const { ece } = evaluation;
  const { calibration } = model;
  const facts = factList([
    ['Expected calibration error', numberText(error.value)],
    ['Of the network itself', ece && numberText(ece.before)],
    ['With the temperature', ece?.after === null ? null : numberText(ece?.after)],
    ['Temperature', calibration?.kind === 'classes' && numberText(calibration.temperature)],
    ['Scaled by it', calibration?.kind === 'classes' && (calibration.applied ? 'yes' : 'no')],
  ]);
  const table = numbersTable({
    caption: 'the bins of the reliability diagram',
    columns: ['Mean probability', 'right', 'rows'],
    rows: bins.map(({ confidence, accuracy, weight }) => [
      percentText(confidence),
      percentText(accuracy),
      numberText(weight),
    ]),
  });
  return { id: 'calibration', title: 'Calibration', body: html`${grid([chart, facts])}${table}` };
}

const UNIT = { scale: { domain: [0, 1], nice: false }, axis: { tickCount: 5 } };
