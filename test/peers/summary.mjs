/** From turns to medians, ratios and tables. Nothing here measures anything. */

/** Returns the middle value, or the mean of the middle two; NaN where there are none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Picks the setting with the largest median among those that took every turn; trials do not count. */
export function best(measurements) {
  const most = Math.max(...measurements.map(({ turns }) => turns.length));
  return measurements
    .filter(({ turns }) => turns.length === most)
    .reduce((a, b) => (median(b.turns) > median(a.turns) ? b : a));
}

/** Says how many times as fast a is as b: the median over the rounds in which both took part. */
export function ratio(a, b) {
  const rounds = Math.min(a.turns.length, b.turns.length);
  return median(Array.from({ length: rounds }, (_, round) => a.turns[round] / b.turns[round]));
}

/**
 * Summarizes one network: all settings, medians and ratios. Each piece was measured in a session of its own.
 * A ratio is taken within a piece; where several pieces hold both contestants, the median of their ratios
 * counts.
 * @param pieces [{ contestant, setting, turns }][] of this network
 */
export function summarize(pieces) {
  const hadTurns = ({ turns }) => turns.length > 0;
  const names = [
    ...new Set(
      pieces
        .flat()
        .filter(hadTurns)
        .map(({ contestant }) => contestant),
    ),
  ];
  const piecesOf = (name) => pieces.map((piece) => piece.filter(({ contestant }) => contestant === name));
  const contestants = names.map((name) => {
    const settings = new Map();
    for (const { setting, turns, trials = [] } of piecesOf(name).flat()) {
      const known = settings.get(setting) ?? { trials: [], turns: [] };
      settings.set(setting, { trials: [...known.trials, ...trials], turns: [...known.turns, ...turns] });
    }
    const measurements = [...settings].map(([setting, figures]) => ({
      contestant: name,
      setting,
      ...figures,
    }));
    const chosen = best(measurements);
    return { name, measurements, setting: chosen.setting, samplesPerSecond: median(chosen.turns) };
  });
  const compare = (a, b) => {
    const both = piecesOf(a)
      .map((mine, piece) => [mine.filter(hadTurns), piecesOf(b)[piece].filter(hadTurns)])
      .filter((pair) => pair.every(({ length }) => length > 0));
    return both.length === 0 ? null : median(both.map(([mine, theirs]) => ratio(best(mine), best(theirs))));
  };
  return { contestants, compare };
}

/** Counts a multiply-add pair as two operations; the network's input needs no gradient. */
export function flopsPerSample(network) {
  const widths = network.split('-').map(Number);
  const products = widths.slice(1).map((outputs, i) => widths[i] * outputs);
  return 6 * products.reduce((sum, product) => sum + product, 0) - 2 * products[0];
}

/** Writes a number with three digits: 71,200; 4,340; 0.512. */
export function figure(value) {
  if (value === null || !Number.isFinite(value)) return '';
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Replaces the text between `<!-- name -->` and `<!-- /name -->`. */
export function writeBetween(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from === -1 || to < from) throw new Error(`no ${open} … ${close} to write between`);
  return `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`;
}
