// z = b + x·w and dx = dz·wᵀ: rows of the left factor against packed panels of eight columns of the right one.
// Letters as in kernels.ts: R rows, K inputs, N outputs. Strides in bytes.
import { edgeArea, LINE, panelArea, PANEL_ROWS, startArea } from './scratch';
import { rowTile } from './tile';

/** z[R,N] = b[N] + x[R,K]·w[K,N]; b = 0: no bias. */
export function affine(z: usize, x: usize, w: usize, b: usize, R: i32, K: i32, N: i32): void {
  for (let n = 0; n < N; n += 8) {
    const width = min(8, N - n);
    setStart(b == 0 ? 0 : b + (<usize>n << 2), width);
    let k = 0;
    do {
      const count = min(PANEL_ROWS, K - k);
      packRows(w + ((<usize>k * N + n) << 2), <usize>N << 2, width, count);
      rowsTimesPanel(z + (<usize>n << 2), N, x + (<usize>k << 2), K, R, count, width, k > 0);
      k += count;
    } while (k < K);
  }
}

/** dx[R,K] = dz[R,N]·wᵀ. */
export function affineInputGradient(dx: usize, dz: usize, w: usize, R: i32, K: i32, N: i32): void {
  setStart(0, 0);
  for (let k = 0; k < K; k += 8) {
    const width = min(8, K - k);
    let n = 0;
    do {
      const count = min(PANEL_ROWS, N - n);
      packColumns(w + ((<usize>k * N + n) << 2), <usize>N << 2, width, count);
      rowsTimesPanel(dx + (<usize>k << 2), K, dz + (<usize>n << 2), N, R, count, width, n > 0);
      n += count;
    } while (n < N);
  }
}

/** c[R,width] = (more ? c : start) + a[R,count]·panel[count,8]; C and A are the row lengths of c and a. */
function rowsTimesPanel(c: usize, C: i32, a: usize, A: i32, R: i32, count: i32, width: i32, more: bool): void {
  const panel = panelArea(), cRow = <usize>C << 2, aRow = <usize>A << 2;
  for (let r = 0; r < R; r += 4) {
    const rows = min(4, R - r);
    if (width == 8) {
      rowTile(rows, c, cRow, more ? c : startArea(), more ? cRow : 0, a, aRow, panel, count);
    } else {
      const edge = edgeArea();
      if (more) loadEdge(c, cRow, rows, width);
      rowTile(rows, edge, LINE, more ? edge : startArea(), more ? LINE : 0, a, aRow, panel, count);
      storeEdge(c, cRow, rows, width);
    }
    c += cRow << 2;
    a += aRow << 2;
  }
}

/** What sums start from: `width` floats at b, zeros beyond. */
export function setStart(b: usize, width: i32): void {
  const start = startArea();
  v128.store(start, f32x4.splat(0));
  v128.store(start, f32x4.splat(0), 16);
  if (b != 0) memory.copy(start, b, <usize>width << 2);
}

export function loadEdge(c: usize, cRow: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(edgeArea() + <usize>r * LINE, c + <usize>r * cRow, <usize>width << 2);
}

export function storeEdge(c: usize, cRow: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(c + <usize>r * cRow, edgeArea() + <usize>r * LINE, <usize>width << 2);
}

/** panel[i, j] = m[i, j] for `count` rows, `width` ≤ 8 columns, zeros beyond. */
export function packRows(m: usize, row: usize, width: i32, count: i32): void {
  let panel = panelArea();
  const end = panel + <usize>count * LINE;
  if (width == 8) {
    for (; panel < end; panel += LINE) {
      v128.store(panel, v128.load(m));
      v128.store(panel, v128.load(m, 16), 16);
      m += row;
    }
    return;
  }
  for (; panel < end; panel += LINE) {
    v128.store(panel, f32x4.splat(0));
    v128.store(panel, f32x4.splat(0), 16);
    for (let j: usize = 0; j < <usize>width << 2; j += 4) f32.store(panel + j, f32.load(m + j));
    m += row;
  }
}

/** panel[i, j] = m[j, i]: `width` ≤ 8 rows of m become columns of the panel, zeros beyond. */
function packColumns(m: usize, row: usize, width: i32, count: i32): void {
  const panel = panelArea();
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

/** Four floats of four rows of m become four floats of four lines of the panel. */
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
