/** Records in files, and the order in which an epoch reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { epochPieces, shuffleEpoch } from '#src/data/stream/order.js';
import { allocateWindow, RecordReader } from '#src/data/stream/records.js';
import { PURPOSE, permute } from '#src/random.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 1000;

/**
 * So many numbers and codes of each of 1000 rows, in files of 300; row r has the numbers 10r, 10r + 1, … and
 * the codes r, r + 1, …
 */
function stored(numberWidth: number, codeWidth: number) {
  const bytesOfRow = 4 * numberWidth + 2 * codeWidth;
  const shards = [0, 300, 600, 900].map((first) => {
    const rows = Math.min(300, ROWS - first);
    const bytes = Buffer.alloc(rows * bytesOfRow);
    for (let row = 0; row < rows; row++) {
      const at = bytesOfRow * row;
      for (let j = 0; j < numberWidth; j++) bytes.writeFloatLE(10 * (first + row) + j, at + 4 * j);
      for (let c = 0; c < codeWidth; c++) bytes.writeUInt16LE(first + row + c, at + 4 * numberWidth + 2 * c);
    }
    const path = join(folder, `${first}-${numberWidth}-${codeWidth}.bin`);
    writeFileSync(path, bytes);
    return path;
  });
  return {
    numbers: new Float32Array(new SharedArrayBuffer(0)),
    numberWidth,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth,
    stored: { shards, shardRows: 300 },
  };
}

describe('records', () => {
  it.each([
    [3, 2],
    [3, 1],
    [3, 0],
    [80, 1],
  ])('of %i numbers and %i codes are copied in any order, from any files', (numberWidth, codeWidth) => {
    const inputs = stored(numberWidth, codeWidth);
    const reader = new RecordReader(inputs);
    const row = fc.integer({ min: 0, max: ROWS - 1 });
    const runs = fc.array(fc.tuple(row, fc.integer({ min: 1, max: 40 })), { maxLength: 20 });
    fc.assert(
      fc.property(runs, fc.nat(5), (stretches, at) => {
        const rows = Uint32Array.from(
          stretches.flatMap(([first, count]) =>
            Array.from({ length: Math.min(count, ROWS - first) }, (_, i) => first + i),
          ),
        );
        const window = allocateWindow(inputs, rows.length + at);
        reader.copyRows(window, at, rows, 0, rows.length);
        const expected = (width: number, times: number) =>
          String([...rows].flatMap((r) => Array.from({ length: width }, (_, j) => times * r + j)));
        expect(String(window.numbers.subarray(numberWidth * at))).toBe(expected(numberWidth, 10));
        expect(String(window.codes.subarray(codeWidth * at))).toBe(expected(codeWidth, 1));
      }),
      { numRuns: 10 },
    );
    reader.close();
  });

  it('that are gone end in one line', () => {
    const inputs = stored(3, 2);
    const { shards } = inputs.stored;
    const reader = new RecordReader({
      ...inputs,
      stored: { shards: [join(folder, 'gone.bin')], shardRows: 9 },
    });
    const rows = Uint32Array.of(0);
    expect(() => reader.copyRows(allocateWindow(inputs, 1), 0, rows, 0, 1)).toThrow(
      /the cached rows cannot be read/,
    );
    const short = new RecordReader({ ...inputs, stored: { shards: [shards[3]], shardRows: 1000 } });
    const last = Uint32Array.of(999);
    expect(() => short.copyRows(allocateWindow(inputs, 1), 0, last, 0, 1)).toThrow(/it has become shorter/);
  });
});

describe('the order of an epoch', () => {
  const orderOf = (count: number, shuffle: 'rows' | 'blocks', epoch = 0, seed = 1) => {
    const order = Uint32Array.from({ length: count }, (_, i) => 2 * i);
    shuffleEpoch(order, { seed, epoch, shuffle });
    return [...order];
  };

  it('is the same in memory and piece by piece, from any row on', () => {
    for (const [count, shuffle, most] of [
      [70_001, 'blocks', 10],
      [500, 'rows', 64],
      [130, null, 50],
    ] as const) {
      const whole = Uint32Array.from({ length: count }, (_, i) => i);
      shuffleEpoch(whole, { seed: 1, epoch: 3, shuffle });
      for (const from of [0, 1, 63, 64, count - 1, count]) {
        const found: number[] = [];
        for (const { positions, order } of epochPieces(count, { seed: 1, epoch: 3, shuffle }, most, from)) {
          expect(order.length).toBeLessThanOrEqual(shuffle === 'blocks' ? 64 * 512 : most);
          if (shuffle !== 'blocks') expect(String(positions)).toBe(String(positions.toSorted()));
          for (const index of order) found.push(positions[index]);
        }
        expect(String(found)).toBe(String(whole.subarray(from)));
        if (from === 0) expect(found.toSorted((a, b) => a - b).every((row, i) => row === i)).toBe(true);
      }
    }
  });

  it('by rows is the one that there always was', () => {
    const order = Uint32Array.from({ length: 500 }, (_, i) => 2 * i);
    permute(order, 1, PURPOSE.shuffle, 7);
    expect(orderOf(500, 'rows', 7)).toEqual([...order]);
  });

  it('is another one for another epoch or seed', () => {
    const orders = [orderOf(3000, 'blocks'), orderOf(3000, 'blocks', 1), orderOf(3000, 'blocks', 0, 2)];
    expect(new Set(orders.map(String)).size).toBe(3);
  });

  it('by blocks spreads the neighbours of sorted data over the batches', () => {
    // A thousand sorted classes: 128 consecutive rows of the epoch hold nearly as many of them as by chance,
    // which is 1000 · (1 − 0.999¹²⁸) = 120.
    const count = 100_000;
    const order = orderOf(count, 'blocks').map((row) => Math.floor(row / 200));
    let classes = 0;
    for (let start = 0; start + 128 <= count; start += 128)
      classes += new Set(order.slice(start, start + 128)).size;
    expect(classes / Math.floor(count / 128)).toBeGreaterThan(100);
  });
});
