/** Exported names: each is defined once, and each is used by another file. */
import { describe, expect, it } from 'vitest';
import { definedTwice, unusedExports } from './exports.js';
import { ASSEMBLY, readAll, SOURCES, TEST_SCRIPTS, TESTS } from './files.js';

/** What only tests import: parts that are tested by themselves, and types that helpers of the tests need. */
const FOR_TESTS = [
  'src/experiment/searches/draws.ts: randomPoint',
  'src/hyperparameters.ts: hyperKeys',
  'src/kernels/jit/amxmodel.ts: amxDot',
  'src/kernels/jit/compile.ts: writeAmxCode',
  'src/kernels/jit/compile.ts: writeCode',
  'src/kernels/jit/compile.ts: writeNarrowCode',
  'src/kernels/jit/cpu.ts: amxOf',
  'src/kernels/jit/cpu.ts: narrowingOf',
  'src/kernels/jit/cpu.ts: queryStub',
  'src/kernels/jit/cpu.ts: setsOf',
  'src/kernels/load.ts: fastestWasm',
  'src/model/safetensors.ts: NamedTensor',
  'src/optim/averaging.ts: AveragingOptions',
  'src/optim/plateau.ts: PlateauState',
  'src/optim/schedules.ts: ScheduleName',
  'src/optim/schedules.ts: ScheduleOptions',
  'src/parallel/channel.ts: ChannelMemory',
  'src/tensorboard/messages.ts: descriptorOf',
  'src/tensorboard/records.ts: maskedChecksum',
  'src/train/trainer.ts: TrainerOptions',
  'src/train/workersearch.ts: breakEvenRows',
  'workers/gradient.ts: taskComputer',
];

/** Both compilers read src/kernels/wasm/scratch.ts, so both programs are users. */
const PROGRAM = readAll([...SOURCES, ...ASSEMBLY]);

describe('an exported name', () => {
  it.each([
    ['src, bin and workers', SOURCES],
    ['the WebAssembly kernels', ASSEMBLY],
  ])('of %s is defined once', (_, files) => {
    expect(definedTwice(readAll(files))).toEqual([]);
  });

  it.each([
    ['src, bin and workers', SOURCES],
    ['the WebAssembly kernels', ASSEMBLY],
  ])('of %s is used by another file', (_, files) => {
    const unused = unusedExports(readAll(files), PROGRAM);
    expect(unused.filter((place) => !FOR_TESTS.includes(place))).toEqual([]);
  });

  it('that is listed as for tests alone is used by one, and by no other file', () => {
    const sources = readAll(SOURCES);
    const unused = unusedExports(sources, PROGRAM);
    const untested = unusedExports(sources, readAll([...TESTS, ...TEST_SCRIPTS]));
    expect(FOR_TESTS.filter((place) => !unused.includes(place) || untested.includes(place))).toEqual([]);
  });
});

describe('the finder', () => {
  const program = (files: Record<string, string>) => new Map(Object.entries(files));

  it('finds a name that two files define', () => {
    const files = program({
      'src/a.ts': 'export function same() {}\nexport function same(x: number) {}\nexport type Other = 1;\n',
      'src/b.ts': 'const same = 1;\nexport { same };\nexport class Third {}\n',
      'src/index.ts': "export { same, type Other } from './a.js';\n",
    });
    expect(definedTwice(files)).toEqual(['same: src/a.ts, src/b.ts']);
  });

  it.each([
    ['a named import', "import { type Used, other } from './a.js';"],
    ['a name of its own', "import { Used as Mine } from './a.js';"],
    ['an import over several lines', "import {\n  type Used,\n} from './a.js';"],
    ['a namespace', "import * as a from './a.js';\na.Used();"],
    ['a re-export', "export { Used as Public } from './a.js';"],
    ['a re-export of everything', "export * from './a.js';"],
    ['a destructured dynamic import', "const { Used: mine } = await import('./a.js');"],
    ['a dynamic import kept whole', "const a = await import('./a.js');\na.Used();"],
    ['a member of a dynamic import', "(await import('./a.js')).Used();"],
    ['a dynamic import with then', "import('./a.js').then(({ Used }) => Used);"],
    ['the type of a module', "type A = typeof import('./a.js');"],
  ])('takes %s for a use', (_, text) => {
    expect(unusedExports(program({ 'src/a.ts': 'export class Used {}', 'src/b.ts': text }))).toEqual([]);
  });

  it.each([
    ['a comment', "// import { Unused } from './a.js';"],
    ['an import of another name', "import { other } from './a.js';"],
    ['an import from another file', "import { Unused } from './c.js';"],
    ['a namespace without the name', "import * as a from './a.js';\na.other();"],
    ['the same word', 'const Unused = 1;'],
  ])('does not take %s for a use', (_, text) => {
    const files = program({ 'src/a.ts': 'export class Unused {}\nnew Unused();', 'src/b.ts': text });
    expect(unusedExports(files)).toEqual(['src/a.ts: Unused']);
  });
});
