/** What came of the tries, counted, and as text. */

/** A row without a try. `possible` is how many there could be, where that is a number. */
export const newTally = ({ part, what }) => ({
  part,
  what,
  possible: null,
  tried: 0,
  as: {},
  wrong: [],
  added: [],
  listed: [],
  most: {},
});

/** Counts a try. */
export function countIn(tally, { as, wrong, added, listed, most = {} }) {
  tally.tried++;
  if (wrong) tally.wrong.push(wrong);
  else tally.as[as] = (tally.as[as] ?? 0) + 1;
  if (listed !== undefined) tally.listed.push(listed);
  if (added !== undefined) tally.added.push(Math.round(added));
  for (const [what, value] of Object.entries(most)) tally.most[what] = Math.max(tally.most[what] ?? 0, value);
}

/** Returns the tallies of several runs as those of one: rows of the same name are added. */
export function merged(tallies) {
  const rows = new Map();
  for (const tally of tallies) {
    const row = rows.get(tally.what);
    if (row === undefined) {
      rows.set(tally.what, structuredClone(tally));
      continue;
    }
    row.tried += tally.tried;
    row.possible ??= tally.possible;
    for (const [as, number] of Object.entries(tally.as)) row.as[as] = (row.as[as] ?? 0) + number;
    for (const [what, value] of Object.entries(tally.most))
      row.most[what] = Math.max(row.most[what] ?? 0, value);
    row.wrong.push(...tally.wrong);
    row.added.push(...tally.added);
    row.listed.push(...tally.listed);
  }
  return [...rows.values()];
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** What a row says beside its numbers of tries. */
function remarks({ possible, tried, as, added, most }) {
  return [
    ...Object.entries(as)
      .toSorted()
      .map(([name, number]) => `${number} ${name}`),
    ...(possible === null ? [] : [tried < possible ? `of ${possible} possible` : 'all that are possible']),
    ...(added.length > 0 ? [`${median(added)} ms more in the median`] : []),
    ...Object.entries(most).map(([what, value]) => `${what} ${value}`),
  ].join(', ');
}

/** Writes a row as a line. */
export function line(tally) {
  const { what, tried, wrong } = tally;
  const right = `${tried - wrong.length}/${tried}`;
  return `${what.padEnd(34)} ${right.padStart(13)}  ${remarks(tally)}`.trimEnd();
}

/** Writes rows as a table in Markdown. */
export const table = (tallies) =>
  [
    '| what | right | of them |',
    '|---|---|---|',
    ...tallies.map(
      (tally) => `| ${tally.what} | ${tally.tried - tally.wrong.length}/${tally.tried} | ${remarks(tally)} |`,
    ),
  ].join('\n');
