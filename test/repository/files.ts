/** Reads the repository's own files, for the tests in this folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Folders that hold no source of ours, beside node_modules, wherever that is. */
const SKIPPED = ['dist', 'runs', '.git', '.gl'];

export const ASSEMBLY_FOLDER = 'src/kernels/wasm/assembly/';

/** Every file of the repository, as a path from its root. */
export const FILES: readonly string[] = filesBelow('.');
const typescript = FILES.filter((file) => /\.c?ts$/.test(file));
const shipped = typescript.filter((file) => /^(src|bin|workers|page)\//.test(file));

/** TypeScript of src, bin, workers and page. */
export const SOURCES = shipped.filter((file) => !file.startsWith(ASSEMBLY_FOLDER));
/** The WebAssembly kernels' sources, in AssemblyScript. */
export const ASSEMBLY = shipped.filter((file) => file.startsWith(ASSEMBLY_FOLDER));
export const TESTS = typescript.filter((file) => file.startsWith('test/'));
/** What tests run in processes and threads of their own. */
export const TEST_SCRIPTS = FILES.filter((file) => /^test\/.*\.mjs$/.test(file));
export const MARKDOWN = FILES.filter((file) => file.endsWith('.md'));

export function read(file: string): string {
  return readFileSync(file, 'utf8');
}

export function readAll(files: readonly string[]): Map<string, string> {
  return new Map(files.map((file) => [file, read(file)]));
}

/** A line of a comment, with the number of its line in the file and the whole line's text. */
export interface CommentLine {
  readonly number: number;
  readonly text: string;
}

const STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/;
/** A slash begins a regular expression, and no division, after these. */
const BEFORE_REGEX = /(?<=(?:^|[(,=:[!&|?{};\n]|=>|return)\s*)/;
const REGEX = /\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//;
const COMMENT = /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)/;
/** What may hold a comment's marks; whichever comes first is taken, and only a comment sets the group. */
const TOKENS = new RegExp(`${STRING.source}|${BEFORE_REGEX.source}${REGEX.source}|${COMMENT.source}`, 'g');

/** Returns the text without its comments; every line keeps its number. */
export function code(text: string): string {
  return text.replace(TOKENS, (token, ...rest) =>
    rest.at(-1).comment === undefined ? token : token.replace(/[^\n]/g, ''),
  );
}

/** Returns the comments alone, each with its lines joined to one, as a reader takes them in. */
export function comments(text: string): string[] {
  return [...text.matchAll(TOKENS)].flatMap(({ groups }) =>
    groups?.comment === undefined ? [] : [groups.comment.replace(/\n\s*\*?\s*/g, ' ')],
  );
}

/** Returns the lines on which a comment stands, alone or after code. */
export function commentLines(text: string): CommentLine[] {
  const lines = text.split('\n');
  const numbers = [...text.matchAll(TOKENS)].flatMap(({ index, groups }) => {
    if (groups?.comment === undefined) return [];
    const first = text.slice(0, index).split('\n').length;
    return groups.comment.split('\n').map((_, i) => first + i);
  });
  return [...new Set(numbers)].map((number) => ({ number, text: lines[number - 1] }));
}

/** Returns `file:line: text` for each line of code that matches. */
export function mentions(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    code(read(file))
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

/**
 * Returns the source file that an import in `from` names, as a path from the root, also where a test imports
 * what was built from it. A package's name stays as it is.
 */
export function importedFile(from: string, specifier: string): string {
  if (specifier.startsWith('#src/')) return specifier.slice(1).replace(/\.js$/, '.ts');
  if (!specifier.startsWith('.')) return specifier;
  const path = normalize(join(dirname(from), specifier))
    .replaceAll('\\', '/')
    .replace(/^dist\//, '');
  return /\.\w+$/.test(path) ? path.replace(/\.js$/, '.ts') : `${path}.ts`;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === 'node_modules' || SKIPPED.includes(path)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
