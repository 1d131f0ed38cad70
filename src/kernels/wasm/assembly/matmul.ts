// z = b + x·w and dx = dz·wᵀ: rows of the left factor are multiplied with packed panels of eight columns of
// the right one. The letters are those of kernels.ts: R rows, K inputs, N outputs. Strides are in bytes.
import { LINE, PANEL_ROWS, ROW_BLOCK } from '../scratch';
import { copyRows, packColumns, packRows } from './pack';
import { rowTiles } from './rows';
import { edgeArea, panelArea, panelStride, panelsThatFit, startArea } from './scratch';

/** z[R,N] = b[N] + x[R,K]·w[K,N]; b = 0 stands for no bias. */
export function affine(z: usize, x: usize, w: usize, b: usize, R: i32, K: i32, N: i32): void {
  const stride = panelStride(min(PANEL_ROWS, K)), block = 8 * panelsThatFit(stride);
  for (let n = 0; n < N; n += block) {
    const columns = min(block, N - n);
    let k = 0;
    do {
      const count = min(PANEL_ROWS, K - k);
      packRows(w + ((<usize>k * N + n) << 2), <usize>N << 2, columns, count, stride);
      const bias: usize = b == 0 ? 0 : b + (<usize>n << 2);
      rowsTimesPanels(z + (<usize>n << 2), N, bias, x + (<usize>k << 2), K, R, count, columns, stride, k > 0);
      k += count;
    } while (k < K);
  }
}

/** dx[R,K] = dz[R,N]·wᵀ. */
export function affineInputGradient(dx: usize, dz: usize, w: usize, R: i32, K: i32, N: i32): void {
  const stride = panelStride(min(PANEL_ROWS, N)), block = 8 * panelsThatFit(stride);
  for (let k = 0; k < K; k += block) {
    const columns = min(block, K - k);
    let n = 0;
    do {
      const count = min(PANEL_ROWS, N - n);
      packColumns(w + ((<usize>k * N + n) << 2), <usize>N << 2, columns, count, stride);
      rowsTimesPanels(dx + (<usize>k << 2), K, 0, dz + (<usize>n << 2), N, R, count, columns, stride, n > 0);
      n += count;
    } while (n < N);
  }
}

/**
 * c[R,columns] = (continued ? c : b) + a[R,count]·panels[count,columns]; C and A are the row lengths of c and
 * a.
 */
function rowsTimesPanels(
  c: usize, C: i32, b: usize, a: usize, A: i32, R: i32, count: i32, columns: i32, stride: usize, continued: bool,
): void {
  const cRow = <usize>C << 2, aRow = <usize>A << 2, edge = edgeArea();
  for (let r = 0; r < R; r += ROW_BLOCK) {
    const rows = min(ROW_BLOCK, R - r);
    let panel = panelArea();
    for (let n = 0; n < columns; n += 8) {
      const width = min(8, columns - n);
      const to = c + (<usize>n << 2);
      if (width == 8) {
        const start = continued ? to : startOf(b, n, width);
        rowTiles(rows, to, cRow, start, continued ? cRow : 0, a, aRow, panel, count);
      } else {
        if (continued) copyRows(edge, LINE, to, cRow, rows, width);
        rowTiles(rows, edge, LINE, continued ? edge : startOf(b, n, width), continued ? <usize>LINE : 0, a, aRow, panel, count);
        copyRows(to, cRow, edge, LINE, rows, width);
      }
      panel += stride;
    }
    c += <usize>ROW_BLOCK * cRow;
    a += <usize>ROW_BLOCK * aRow;
  }
}

/**
 * The address from which the sums of a tile at column n start: `width` floats of b and zeros beyond, or all
 * zeros if b = 0.
 */
function startOf(b: usize, n: i32, width: i32): usize {
  if (b != 0 && width == 8) return b + (<usize>n << 2);
  const start = startArea();
  v128.store(start, f32x4.splat(0));
  v128.store(start, f32x4.splat(0), 16);
  if (b != 0) copyRows(start, 0, b + (<usize>n << 2), 0, 1, width);
  return start;
}
