import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Changes a run's record, which becomes one of a version that knew no checksums: it vouches for nothing else
 * in the folder either, so that a test may edit config.yaml.
 */
export function unseal(run: string, changes: object = {}): void {
  const file = join(run, 'run.json');
  const { sha256, configs, id, ...record } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...record, ...changes }));
}

/** Changes a sweep's record in the same way. */
export function unsealSweep(sweep: string, changes: object = {}): void {
  const file = join(sweep, 'sweep.json');
  const { sha256, definitionSha256, leaderboardSha256, ...record } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...record, ...changes }));
}

/** Returns the metadata of a model as earlier versions wrote them, whose contents alone are checked. */
export const withoutChecksum = ({ sha256, ...metadata }: Readonly<Record<string, string>>) => metadata;
