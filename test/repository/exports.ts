/**
 * Finds exported names by regular expressions, which is enough for how this repository is written: exports
 * stand at the start of a line, and a dynamic import is destructured, kept in a constant or followed by a
 * member's name.
 */
import { code, importedFile } from './files.js';

/** A program's files by their paths, each with its text. */
export type Texts = ReadonlyMap<string, string>;

export interface Exported {
  readonly file: string;
  readonly name: string;
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const enum|enum|const|let|interface|type) +([\w$]+)/gm;
const EXPORT_LIST = /^export (?:type )?\{([^}]*)\};/gm;
const STATIC = /^(?:import|export)\s+(?:type\s+)?([^'";]*?)\s*from\s+'([^']+)'/gm;
const DYNAMIC =
  /(?:(?:const|let)\s+(\{[^}]*\}|[\w$]+)\s*=\s*)?(?:\(?\s*await\s+)?import\(\s*'([^']+)'\s*\)(?:\s*\.then\(\s*\(?(\{[^}]*\}))?(?:\)?\.([\w$]+))?/g;

/** Returns each name that a file declares and exports, without re-exports and default exports. */
export function declaredExports(texts: Texts): Exported[] {
  return [...texts].flatMap(([file, text]) => {
    const source = code(text);
    const declared = [...source.matchAll(DECLARATION)].map(([, name]) => name);
    const listed = [...source.matchAll(EXPORT_LIST)].flatMap(([, list]) => namesIn(list, 'exported'));
    return [...new Set([...declared, ...listed])].map((name) => ({ file, name }));
  });
}

/** Returns `name: file, file, …` for each name that more than one file declares and exports. */
export function definedTwice(texts: Texts): string[] {
  const places = new Map<string, string[]>();
  for (const { file, name } of declaredExports(texts)) places.set(name, [...(places.get(name) ?? []), file]);
  return [...places].flatMap(([name, files]) => (files.length > 1 ? [`${name}: ${files.join(', ')}`] : []));
}

/** Returns `file: name` for each export declared in `texts` that no other file, of `users`, takes. */
export function unusedExports(texts: Texts, users: Texts = texts): string[] {
  const used = new Set([...users].flatMap(([file, text]) => usesIn(file, code(text))));
  return declaredExports(texts)
    .filter(({ file, name }) => !used.has(`${file}: ${name}`) && !used.has(`${file}: *`))
    .map(({ file, name }) => `${file}: ${name}`);
}

/** Returns what a file takes from others, as `file: name`, or `file: *` where it takes all that there is. */
function usesIn(from: string, source: string): string[] {
  const names = (clause: string): string[] => {
    const namespace = /^(?:\*\s+as\s+)?([\w$]+)$/.exec(clause);
    if (clause.startsWith('{')) return namesIn(clause.slice(1, clause.indexOf('}')), 'imported');
    if (clause === '' || clause === '*' || !namespace) return ['*'];
    return [...source.matchAll(new RegExp(`\\b${namespace[1]}\\.([\\w$]+)`, 'g'))].map(([, name]) => name);
  };
  const fixed = [...source.matchAll(STATIC)].map(([, clause, path]) => ({ path, found: names(clause) }));
  const late = [...source.matchAll(DYNAMIC)].map(([, kept, path, then, member]) => ({
    path,
    found: member !== undefined && kept === undefined ? [member] : names(kept ?? then ?? ''),
  }));
  return [...fixed, ...late].flatMap(({ path, found }) =>
    found.map((name) => `${importedFile(from, path)}: ${name}`),
  );
}

/** Returns the names in a list such as `a, type B, c as d`, as the given side knows them. */
function namesIn(list: string, side: 'imported' | 'exported'): string[] {
  return list.split(',').flatMap((item) => {
    const [first, second] = item
      .trim()
      .replace(/^type\s+/, '')
      .split(/\s+as\s+|\s*:\s*/);
    if (!first) return [];
    return [side === 'exported' ? (second ?? first) : first];
  });
}
