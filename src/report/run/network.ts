/** The network: a table of its layers, and its drawing on one row. */
import { basename } from 'node:path';
import { UserError } from '../../errors.js';
import { explain } from '../../explain/explain.js';
import { openSubject } from '../../explain/subject.js';
import type { ReadModel } from '../../model/read.js';
import { layerTable } from '../../network/table.js';
import { RUN_FILES } from '../../run/folder.js';
import { beside, dataTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { Html, html } from '../html.js';
import type { OpenedRun } from './open.js';

/** Parameters above which a drawing, which computes in float64, would take long. */
const MOST_PARAMETERS = 2_000_000;

/** Returns the name of a layer by its place in the network's list: '2 dense'. */
export function layerNames(model: ReadModel | null): (path: string) => string {
  const rows = model === null ? [] : layerTable(model.layers);
  return (path) => {
    const row = rows[Number(path.split('.')[0])];
    return row === undefined ? `layer ${path}` : `${path} ${row.kind}`;
  };
}

/** Returns the section of the network; null where there is no model. */
export async function networkSection(
  { folder, model }: OpenedRun,
  source: string | undefined,
): Promise<PageSection | null> {
  if (model === null) return null;
  const layers = layerTable(model.layers);
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const members = model.bag?.length ?? 1;
  const table = dataTable({
    caption: `Layers, ${numberText(total)} parameters${members > 1 ? ` in each of ${members} members` : ''}; loss ${model.network.loss}`,
    columns: ['Layer', 'kind', 'inputs', 'outputs', 'parameters'],
    words: [1],
    rows: layers.map(({ kind, inputs, outputs, parameters }, index) => [
      String(index),
      kind,
      numberText(inputs),
      numberText(outputs),
      numberText(parameters),
    ]),
  });
  const drawn = total <= MOST_PARAMETERS && model.file.endsWith(RUN_FILES.model);
  const body = beside([table, drawn ? await drawing(folder, source) : null]);
  return { id: 'network', title: 'Network', body };
}

/** Draws the network on the first row, as `gradpool explain --diagram` does. */
async function drawing(folder: string, source: string | undefined): Promise<Html | null> {
  try {
    const explained = explain(await openSubject({ path: folder, data: source }));
    // To lay out graphs takes a package that nothing else here needs.
    const { diagram } = await import('../../explain/diagram.js');
    const svg = diagram(explained, basename(folder));
    const [, width] = /<svg[^>]* width="(\d+)"/.exec(svg) ?? [null, '560'];
    // The drawing is an image, because its style sheet must not reach the rest of the page.
    const data = new Html(Buffer.from(svg).toString('base64'));
    return html`<div class="scroll" role="group" aria-label="Drawing of the network" tabindex="0"><img class="drawing" width="${width}" alt="The network with its values and derivatives on ${explained.instance}, layer by layer" src="data:image/svg+xml;base64,${data}"></div>
<p class="more">Drawn on ${explained.instance}; ∂ is the derivative of the loss. <code>gradpool explain</code> shows every number.</p>`;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
