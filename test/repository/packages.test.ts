/** package.json and its lock file: versions are pinned, and the lock file is complete on every platform. */
import { describe, expect, it } from 'vitest';
import { read } from './files.js';

interface Package {
  readonly version?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const manifest: Package = JSON.parse(read('package.json'));
const locked: Record<string, Package> = JSON.parse(read('package-lock.json')).packages;

/** Finds the entry of `name` as Node does from `path`: in its own node_modules, then in those above. */
function entry(packages: Record<string, Package>, path: string, name: string): Package | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
    if (found || folder === '') return found;
  }
}

/** Returns `package -> dependency` for each dependency, optional ones included, that has no entry. */
function missing(packages: Record<string, Package>): string[] {
  return Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !entry(packages, path, name))
      .map((name) => `${path} -> ${name}`),
  );
}

describe('packages', () => {
  it('are pinned', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
  });
});

describe('the lock file', () => {
  it('names the packages of package.json, at the same versions', () => {
    const { dependencies, devDependencies } = locked[''];
    expect({ dependencies, devDependencies }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(locked[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it("has an entry for every dependency, also for other platforms' binaries: npm ci needs them all", () => {
    expect(missing(locked)).toEqual([]);
  });

  it('has binaries for Linux, macOS and Windows', () => {
    for (const name of [
      '@duckdb/node-bindings-linux-arm64',
      '@duckdb/node-bindings-darwin-arm64',
      '@duckdb/node-bindings-win32-x64',
      '@biomejs/cli-darwin-arm64',
    ]) {
      expect(Object.keys(locked)).toContain(`node_modules/${name}`);
    }
  });

  it('would be seen to lack an entry', () => {
    const { 'node_modules/@biomejs/cli-win32-x64': _, ...rest } = locked;
    expect(missing(rest)).toEqual(['node_modules/@biomejs/biome -> @biomejs/cli-win32-x64']);
  });
});
