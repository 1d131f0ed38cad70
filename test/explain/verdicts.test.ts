/**
 * The verdicts of explain and gradcheck on trained networks. GRADPOOL_VERDICTS=500 judges 500 networks rather
 * than a few, GRADPOOL_VERDICT_DATA=mnist,table.csv adds sources of rows, and GRADPOOL_VERDICT_PART=3/16
 * takes the list's networks 3, 19, 35, ….
 */
import { expect, it } from 'vitest';
import { verdicts } from './verdicts.js';

const NETWORKS = Number(process.env.GRADPOOL_VERDICTS ?? 4);
const DATA = process.env.GRADPOOL_VERDICT_DATA?.split(',') ?? [];
const [PART, PARTS] = (process.env.GRADPOOL_VERDICT_PART ?? '0/1').split('/').map(Number);

it(`${NETWORKS} trained networks: nothing right is called wrong, and what is wrong by 1e-5 is noticed`, async () => {
  const found = await verdicts(NETWORKS, DATA, { part: PART, parts: PARTS });
  const { caught, small, missed } = found.wrong;
  console.log(
    `${found.networks} networks, ${found.compared} derivatives, ${found.small} too small to check; ` +
      `${found.falselyWrong.length} false WRONG; of the wrong ones ${caught} caught, ${small} too small, ${missed.length} missed`,
  );
  expect(found.falselyWrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(caught / (caught + missed.length)).toBeGreaterThanOrEqual(0.99);
}, 3_600_000);
