/** Parts rows by groups, such as patients or sites: no group has rows in two parts. */
import { PURPOSE, permute } from '../random.js';
import { membersByStratum } from './split.js';

/**
 * Returns the part of each row. Every part gets about its share of the rows and of every class, as far as the
 * groups allow, and at least one group.
 *
 * Groups are assigned one after the other, those of many rows first, each to the part that it brings closest
 * to its share. Groups whose sizes lie between the same powers of two come in the order that is drawn for
 * them, so that another seed or draw parts them in another way.
 *
 * @param groups the group of each row: 0 … G − 1, of which there must be as many as parts
 * @param strata the class of each row, or null
 * @param shares the share of each part, all above 0
 * @param draw tells several draws of one seed apart
 */
export function assignGroups(
  groups: ArrayLike<number>,
  strata: ArrayLike<number> | null,
  shares: readonly number[],
  seed: number,
  draw: number,
): Uint32Array {
  const members = membersByStratum(groups.length, groups);
  const tallies = members.map((rows) => tally(rows, strata));
  const balance = new Balance(tallies, shares);
  const partOf = new Uint32Array(members.length);
  for (const group of drawnOrder(members, seed, draw)) {
    partOf[group] = balance.nearest(tallies[group]);
    balance.add(tallies[group], partOf[group]);
  }
  fillEmptyParts(partOf, members, shares.length);
  return Uint32Array.from({ length: groups.length }, (_, row) => partOf[groups[row]]);
}

/** How many rows of each class a group has; ALL counts all its rows. */
type Tally = ReadonlyMap<number, number>;
const ALL = -1;

function tally(rows: Uint32Array, strata: ArrayLike<number> | null): Tally {
  const counts = new Map([[ALL, rows.length]]);
  if (strata !== null) for (const row of rows) counts.set(strata[row], (counts.get(strata[row]) ?? 0) + 1);
  return counts;
}

/** Returns the groups that have rows, larger powers of two first, in drawn order within one power. */
function drawnOrder(members: readonly Uint32Array[], seed: number, draw: number): number[] {
  const order = Uint32Array.from(members.keys());
  permute(order, seed, PURPOSE.groups, draw);
  const zeros = (group: number) => Math.clz32(members[group].length);
  return [...order].filter((group) => members[group].length > 0).sort((a, b) => zeros(a) - zeros(b));
}

/** The rows that each part has so far, by class. */
class Balance {
  readonly #totals = new Map<number, number>();
  readonly #parts: Map<number, number>[];

  constructor(
    tallies: readonly Tally[],
    private readonly shares: readonly number[],
  ) {
    for (const counts of tallies) addTo(this.#totals, counts);
    this.#parts = shares.map(() => new Map());
  }

  add(counts: Tally, part: number): void {
    addTo(this.#parts[part], counts);
  }

  /**
   * Returns the part in which a group adds least to Σ over parts and classes of (share of the class)²/share
   * of the part, which is least where every part has its share of every class; of equal parts, the first.
   */
  nearest(counts: Tally): number {
    const costs = this.shares.map((share, part) => {
      let cost = 0;
      for (const [label, rows] of counts) {
        const held = this.#parts[part].get(label) ?? 0;
        cost += (rows * (2 * held + rows)) / this.#totals.get(label)! ** 2 / share;
      }
      return cost;
    });
    return costs.indexOf(Math.min(...costs));
  }
}

function addTo(sums: Map<number, number>, counts: Tally): void {
  for (const [label, rows] of counts) sums.set(label, (sums.get(label) ?? 0) + rows);
}

/** Gives each part that got no group the smallest group of the part that has most of them. */
function fillEmptyParts(partOf: Uint32Array, members: readonly Uint32Array[], parts: number): void {
  const groupsOf = Array.from({ length: parts }, (_, part) =>
    Array.from(members.keys()).filter((group) => members[group].length > 0 && partOf[group] === part),
  );
  for (const [part, own] of groupsOf.entries()) {
    if (own.length > 0) continue;
    const donor = groupsOf.reduce((most, groups) => (groups.length > most.length ? groups : most));
    const smallest = donor.reduce((a, b) => (members[b].length < members[a].length ? b : a));
    donor.splice(donor.indexOf(smallest), 1);
    own.push(smallest);
    partOf[smallest] = part;
  }
}
