/** The elements that sections are put together from: tables, facts, notes. */
import { type Content, escapeText, Html, html, shortened } from './html.js';

/** A part of a report under a heading of its own. */
export interface PageSection {
  /** The anchor of its heading. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** A table: the first cell of each row is its heading. */
interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Content[])[];
  /** Columns of words after the first, which are set to the left. */
  readonly words?: readonly number[];
  /** Rows that are shown at most. */
  readonly most?: number;
  /** Where all rows are to be found. */
  readonly elsewhere?: string;
}

const MOST_ROWS = 200;
/** Characters of a cell that are shown at most, those that take a few lines, and those that stand on one. */
const [MOST_IN_CELL, LONG, SHORT] = [200, 60, 24];

/** Writes a table in a box of its own, which scrolls where the table is wider than the page. */
export function dataTable({ caption, columns, rows, words = [], most = MOST_ROWS, elsewhere }: Table): Html {
  const side = (column: number) => (column === 0 || words.includes(column) ? 'word' : 'number');
  const room = (text: Content) => {
    const letters = typeof text === 'string' ? text.length : 0;
    return letters > LONG ? 'longer' : letters > SHORT ? 'long' : 'short';
  };
  const heading = (name: string, column: number) =>
    html`<th scope="col" class="${side(column)} ${room(name)}">${shortened(name, MOST_IN_CELL)}</th>`;
  const cell = (content: Content, column: number) => {
    const shown = typeof content === 'string' ? shortened(content, MOST_IN_CELL) : content;
    if (column === 0) return html`<th scope="row" class="word ${room(shown)}">${shown}</th>`;
    return html`<td class="${side(column)} ${room(shown)}">${shown}</td>`;
  };
  const left = rows.length - most;
  const more = left > 0 && html`<p class="more">… and ${left} more${elsewhere && `, in ${elsewhere}`}.</p>`;
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(heading)}</tr></thead>
<tbody>
${rows.slice(0, most).map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>${more}`;
}

/** Writes the numbers of a chart as a table that opens on a click. */
export const numbersTable = (table: Table): Html =>
  html`<details><summary>Numbers: ${table.caption}</summary>${dataTable(table)}</details>`;

/** Writes names with what is known of them; those without a value are left out. */
export function factList(entries: readonly (readonly [string, Content])[]): Html {
  const known = entries.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return html`<dl class="facts">${known.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** Writes a few large numbers, each with its name below. */
export function headlines(entries: readonly (readonly [name: string, value: string])[]): Html {
  return html`<dl class="headlines">${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** Writes sentences, one a line; nothing where there are none. */
export const noteList = (notes: readonly string[]): Html =>
  notes.length === 0
    ? new Html('')
    : html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;

/** Writes commands to copy. */
export const commandBlock = (label: string, command: string): Html =>
  html`<div class="scroll" role="group" aria-label="${label}" tabindex="0"><pre><code>${new Html(escapeText(command))}</code></pre></div>`;

/** Sets charts, and what else is narrow, side by side where there is room. */
export const grid = (items: readonly Html[]): Html => html`<div class="grid">${items}</div>`;

/** Sets tables and drawings of different widths side by side where there is room. */
export const beside = (items: readonly (Html | null)[]): Html =>
  html`<div class="beside">${items.map((item) => item && html`<div>${item}</div>`)}</div>`;
