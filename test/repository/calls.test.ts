/** What source files may not call, and how long they may be. */
import { describe, expect, it } from 'vitest';
import { code, mentions, read, SOURCES } from './files.js';

describe('calls', () => {
  it('no Math.random anywhere', () => {
    expect(mentions(SOURCES, /Math\.random/)).toEqual([]);
  });

  it('no transcendental Math.* on the training path', () => {
    const path = SOURCES.filter(
      (file) =>
        /^(src\/(kernels|network|optim|parallel|forward|calibration|train|data)\/|src\/[a-z]+\.ts|workers\/)/.test(
          file,
        ) && !file.startsWith('src/kernels/reference/'),
    );
    const transcendental =
      /Math\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot)\b|\*\*\s*[a-z]/;
    expect(mentions(path, transcendental)).toEqual([]);
  });

  it('process.exit and console only in bin/', () => {
    expect(
      mentions(
        SOURCES.filter((file) => !file.startsWith('bin/')),
        /process\.exit\(|console\./,
      ),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('no source file over 300 lines', () => {
    const long = SOURCES.map((file) => ({ file, lines: read(file).trimEnd().split('\n').length })).filter(
      ({ lines }) => lines > 300,
    );
    expect(long).toEqual([]);
  });

  it('only src/kernels/foreign.ts loads koffi, and doctor reads its version', () => {
    const named = SOURCES.filter((file) => /['"`]koffi['"`]/.test(code(read(file))));
    expect(named).toEqual(['bin/machine.ts', 'src/kernels/foreign.ts']);
  });
});
