import { DataError } from '../errors.js';
import type { FitOptions, Fitted, Loaded } from './fit.js';
import type { TableSchema } from './schema.js';
import type { TableSource } from './source.js';

export async function fitTable(source: TableSource, _options: FitOptions): Promise<Fitted> {
  throw new DataError(`${source.text}: tables are not read yet`);
}

export async function loadTable(
  source: TableSource,
  _schema: TableSchema,
  _targets: boolean,
): Promise<Loaded> {
  throw new DataError(`${source.text}: tables are not read yet`);
}
