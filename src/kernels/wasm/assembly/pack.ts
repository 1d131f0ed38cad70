// Packs matrices as the tiles read them: panels of eight columns, strips of four. Strides are in bytes.
import { LINE } from '../scratch';
import { panelArea, stripArea } from './scratch';

/** to[i, j] = from[i, j] */
export function copyRows(to: usize, toRow: usize, from: usize, fromRow: usize, rows: i32, width: i32): void {
  for (; rows > 0; rows--) {
    for (let j: usize = 0; j < <usize>width << 2; j += 4) f32.store(to + j, f32.load(from + j));
    to += toRow;
    from += fromRow;
  }
}

/**
 * Packs the columns of m[count, columns] into panels. It reads whole rows, so that it meets every cache line
 * and page once.
 */
export function packRows(m: usize, row: usize, columns: i32, count: i32, stride: usize): void {
  const wide = <usize>(columns >> 3) * LINE, rest = <usize>(columns & 7) << 2;
  for (let line = panelArea(), end = line + <usize>count * LINE; line < end; line += LINE, m += row) {
    let to = line;
    for (let j: usize = 0; j < wide; j += LINE, to += stride) {
      v128.store(to, v128.load(m + j));
      v128.store(to, v128.load(m + j, 16), 16);
    }
    if (rest == 0) continue;
    v128.store(to, f32x4.splat(0));
    v128.store(to, f32x4.splat(0), 16);
    for (let j: usize = 0; j < rest; j += 4) f32.store(to + j, f32.load(m + wide + j));
  }
}

/** Packs the rows of m[columns, count] as columns of panels. */
export function packColumns(m: usize, row: usize, columns: i32, count: i32, stride: usize): void {
  let panel = panelArea();
  for (; columns > 0; columns -= 8) {
    packTransposed(panel, m, row, min(8, columns), count);
    panel += stride;
    m += row << 3;
  }
}

/** panel[i, j] = m[j, i]: `width` ≤ 8 rows of m become columns of the panel, zeros beyond. */
function packTransposed(panel: usize, m: usize, row: usize, width: i32, count: i32): void {
  let i = 0;
  if (width == 8) {
    for (; i + 4 <= count; i += 4) {
      transpose4(panel + <usize>i * LINE, m + (<usize>i << 2), row);
      transpose4(panel + <usize>i * LINE + 16, m + (<usize>i << 2) + 4 * row, row);
    }
  }
  for (; i < count; i++) {
    const line = panel + <usize>i * LINE;
    v128.store(line, f32x4.splat(0));
    v128.store(line, f32x4.splat(0), 16);
    for (let j = 0; j < width; j++) f32.store(line + (<usize>j << 2), f32.load(m + (<usize>i << 2) + <usize>j * row));
  }
}

/** Transposes 4 × 4 floats: four rows of m become four lines of the panel. */
// @ts-ignore: decorator
@inline
function transpose4(panel: usize, m: usize, row: usize): void {
  const m0 = v128.load(m), m1 = v128.load(m + row), m2 = v128.load(m + 2 * row), m3 = v128.load(m + 3 * row);
  const low01 = v128.shuffle<f32>(m0, m1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(m0, m1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(m2, m3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(m2, m3, 2, 6, 3, 7);
  v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

/** Packs up to 16 columns of m[count, columns] into strips of four, each [count, 4]. */
export function packStrips(m: usize, row: usize, columns: i32, count: i32): void {
  const wide = <usize>(columns & ~3) << 2, rest = <usize>(columns & 3) << 2, stride = <usize>count << 4;
  for (let line = stripArea(), end = line + stride; line < end; line += 16, m += row) {
    let to = line;
    for (let j: usize = 0; j < wide; j += 16, to += stride) v128.store(to, v128.load(m + j));
    if (rest == 0) continue;
    v128.store(to, f32x4.splat(0));
    for (let j: usize = 0; j < rest; j += 4) f32.store(to + j, f32.load(m + wide + j));
  }
}
